package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TakeoverTest {

  private static final Takeover TAKEOVER = new Takeover("old", 1_000_000, 7);

  @Test
  void takeoverEndsWithTheFirstDeliveryByAnotherNodeOfWhatCameAfter() {
    List<Attempt> attempts =
        List.of(
            new Attempt(2_000_000, "new", 1, 1, 6), // committed before
            new Attempt(2_900_000, "new", 1, 3, 8),
            new Attempt(2_500_000, "new", 1, 2, 7));

    assertThat(TAKEOVER.seconds(attempts)).hasValue(1.5);
  }

  @Test
  void whatTheVictimStillDeliversIsNoTakeover() {
    assertThat(TAKEOVER.seconds(List.of(new Attempt(1_000_001, "old", 1, 1, 7)))).isEmpty();
  }
}
