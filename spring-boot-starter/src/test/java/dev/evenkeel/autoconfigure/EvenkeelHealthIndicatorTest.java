package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.relay.RelayFinding;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.relay.RelayStatus;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Status;

class EvenkeelHealthIndicatorTest {

  private static Status health(RelayState state, String leader, RelayFinding... findings) {
    return EvenkeelHealthIndicator.status(
        new RelayStatus("me", state, 1, leader, "", 0, 0, List.of(findings)));
  }

  @Test
  void leaderWithoutFindingsIsUp() {
    assertThat(health(RelayState.STREAMING, "me")).isEqualTo(Status.UP);
  }

  @Test
  void leaderWithFindingsIsDown() {
    assertThat(health(RelayState.PREPARING, "me", broken("wal_level"))).isEqualTo(Status.DOWN);
  }

  @Test
  void leaderWithWarningsIsUp() {
    RelayFinding warning =
        new RelayFinding(RelayFinding.Severity.WARNING, "much WAL is kept", "look at it");
    assertThat(health(RelayState.STREAMING, "me", warning)).isEqualTo(Status.UP);
    assertThat(health(RelayState.STREAMING, "me", warning, broken("wal_level")))
        .isEqualTo(Status.DOWN);
  }

  private static RelayFinding broken(String what) {
    return new RelayFinding(RelayFinding.Severity.BROKEN, what, "repair it");
  }

  @Test
  void standbyIsUpWhileAnotherLeads() {
    assertThat(health(RelayState.STANDBY, "other", broken("does not serve billing")))
        .isEqualTo(Status.UP);
  }

  @Test
  void standbyIsDownWhenNobodyLeadsAndSomethingIsWrong() {
    assertThat(health(RelayState.STANDBY, null, broken("does not serve billing")))
        .isEqualTo(Status.DOWN);
  }

  @Test
  void stoppedIsOutOfService() {
    assertThat(health(RelayState.STOPPED, null)).isEqualTo(Status.OUT_OF_SERVICE);
  }
}
