package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.relay.RelayState;
import dev.evenkeel.relay.RelayStatus;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Status;

class EvenkeelHealthIndicatorTest {

  private static Status health(RelayState state, String leader, String... findings) {
    return EvenkeelHealthIndicator.status(
        new RelayStatus("me", state, 1, leader, "", 0, 0, List.of(findings)));
  }

  @Test
  void leaderWithoutFindingsIsUp() {
    assertThat(health(RelayState.STREAMING, "me")).isEqualTo(Status.UP);
  }

  @Test
  void leaderWithFindingsIsDown() {
    assertThat(health(RelayState.PREPARING, "me", "wal_level")).isEqualTo(Status.DOWN);
  }

  @Test
  void standbyIsUpWhileAnotherLeads() {
    assertThat(health(RelayState.STANDBY, "other", "does not serve billing")).isEqualTo(Status.UP);
  }

  @Test
  void standbyIsDownWhenNobodyLeadsAndSomethingIsWrong() {
    assertThat(health(RelayState.STANDBY, null, "does not serve billing")).isEqualTo(Status.DOWN);
  }

  @Test
  void stoppedIsOutOfService() {
    assertThat(health(RelayState.STOPPED, null)).isEqualTo(Status.OUT_OF_SERVICE);
  }
}
