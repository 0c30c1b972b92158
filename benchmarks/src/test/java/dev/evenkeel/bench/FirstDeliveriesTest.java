package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FirstDeliveriesTest {

  @Test
  void repetitionsAreCountedAndNoMistake() {
    FirstDeliveries seen =
        FirstDeliveries.of(
            List.of(attempt(1, 1, 1), attempt(2, 1, 2), attempt(3, 1, 1), attempt(4, 1, 2)),
            Map.of(1, 2L));

    assertThat(seen.mistakes()).isEmpty();
    assertThat(seen.repeated()).isEqualTo(2);
  }

  @Test
  void accountsHaveNoOrderAmongEachOther() {
    FirstDeliveries seen =
        FirstDeliveries.of(List.of(attempt(2, 1, 1), attempt(1, 2, 1)), Map.of(1, 1L, 2, 1L));

    assertThat(seen.mistakes()).isEmpty();
  }

  @Test
  void successorBeforeItsPredecessorIsAMistake() {
    FirstDeliveries seen =
        FirstDeliveries.of(List.of(attempt(2, 1, 1), attempt(1, 1, 2)), Map.of(1, 2L));

    assertThat(seen.mistakes()).contains("account 1: 2 was first delivered after 0, by node");
  }

  @Test
  void eventThatNobodyGotIsAMistake() {
    FirstDeliveries seen = FirstDeliveries.of(List.of(attempt(1, 1, 1)), Map.of(1, 1L, 2, 3L));

    assertThat(seen.mistakes())
        .containsExactly("account 2: 3 events were committed, the last delivered is 0");
  }

  private static Attempt attempt(long at, int account, long sequence) {
    return new Attempt(at, "node", account, sequence, account * 1_000L + sequence);
  }
}
