package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class OffsetTrackerTest {

  private final InFlightBudget budget = new InFlightBudget(10, 1_000);
  private final OffsetTracker tracker = new OffsetTracker(budget);

  @Test
  void offsetIsCommittedOnceEverythingBeforeItIsDone() {
    OffsetTracker.Entry first = tracker.add(7, 1);
    OffsetTracker.Entry second = tracker.add(9, 1); // compaction leaves gaps

    second.done();
    assertThat(tracker.position())
        .as("what is committed is done without a gap")
        .isEqualTo(OptionalLong.empty());

    first.done();
    assertThat(tracker.position()).isEqualTo(OptionalLong.of(10));
    assertThat(tracker.open()).isZero();
  }

  @Test
  void whatIsDroppedGivesItsBudgetBackAndMovesNothing() {
    tracker.add(1, 1).done();
    assertThat(tracker.position()).isEqualTo(OptionalLong.of(2));
    OffsetTracker.Entry open = tracker.add(2, 1);

    tracker.drop();
    open.done();

    assertThat(tracker.position()).isEqualTo(OptionalLong.of(2));
    assertThat(budget.messages()).isZero();
  }
}
