package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.saga.ModelRules.Broken;
import dev.evenkeel.saga.TwoNodes.Sight;
import dev.evenkeel.saga.TwoNodesSagas.Case;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Sagas of three steps with a pivot, a {@code forEach} and a participant elsewhere, on two nodes:
 * every world that can be reached with so many faults, all orders of everything included. {@link
 * TwoNodesLaws} must hold in each of them, and from each an end must be reachable without faults.
 */
class TwoNodesTest {

  /** More than any of them has. */
  private static final int BOUND = 6_000_000;

  /** Only a child is reopened. */
  private static final Set<SagaTransition> TRANSITIONS =
      EnumSet.complementOf(EnumSet.of(SagaTransition.REOPEN));

  /** What comes by faults only. */
  private static final Set<Sight> FAULTS =
      EnumSet.of(
          Sight.CRASH,
          Sight.TAKEN_OVER_ALIVE,
          Sight.TAKEN_OVER_DEAD,
          Sight.ZOMBIE_COMMITTED,
          Sight.COMMAND_TWICE,
          Sight.REPLY_TWICE,
          Sight.COMMAND_LATE,
          Sight.ASKED_AGAIN,
          Sight.FAILED,
          Sight.PARTICIPANT_FAILED);

  private static final Set<Sight> WITHOUT_FAULTS =
      EnumSet.of(
          Sight.WRITE_REFUSED,
          Sight.NEWS_BEFORE_PARKING,
          Sight.PARKED,
          Sight.TIMER_FIRED,
          Sight.FENCE_WON,
          Sight.FENCE_FOUND_DONE);

  /**
   * Explores all of it; what it never came across, it would not show.
   *
   * @param atLeast worlds: fewer would mean that the model has become smaller
   */
  private static void explore(Case of, int faults, int atLeast) {
    TwoNodes model = new TwoNodes(of, faults, Broken.NOTHING);
    TwoNodesSearch search = new TwoNodesSearch(model, BOUND);
    search.run();
    System.out.printf(
        "Model check %s, at most %d faults: %,d worlds, %,d transitions, %s%n",
        of, faults, search.size(), search.transitions(), search.found);
    assertThat(search.isComplete()).as("it has fewer than %d worlds", BOUND).isTrue();
    assertThat(search.size()).as("worlds").isGreaterThanOrEqualTo(atLeast);
    assertThat(model.transitions).isEqualTo(TRANSITIONS);
    assertThat(model.sights).containsAll(WITHOUT_FAULTS);
    if (faults > 0) {
      assertThat(model.sights).containsAll(FAULTS);
    }
  }

  /** Explores the nearest worlds; whether there is a way to an end is not asked of those. */
  private static void reach(Case of, int faults, int bound) {
    TwoNodesSearch search = new TwoNodesSearch(new TwoNodes(of, faults, Broken.NOTHING), bound);
    search.run();
    System.out.printf(
        "Model check %s, at most %d faults, as far as it went: %,d worlds, %,d transitions%n",
        of, faults, search.size(), search.transitions());
    assertThat(search.isComplete() || search.size() >= bound).isTrue();
  }

  @Test
  void participantItemsPivot() {
    explore(TwoNodesSagas.inARow(2), 0, 7_300);
  }

  @Test
  void participantItemPivotAndAFault() {
    explore(TwoNodesSagas.inARow(1), 1, 80_000);
  }

  @Test
  void branchesThatThePivotJoins() {
    explore(TwoNodesSagas.sideBySide(1), 0, 9_500);
  }

  @Test
  void pivotAtTheParticipantAndAFault() {
    explore(TwoNodesSagas.pivotElsewhere(1), 1, 85_000);
  }

  @Test
  void participantAfterThePivotAndAFault() {
    explore(TwoNodesSagas.remoteAfterPivot(2), 1, 114_000);
  }

  @Test
  @Tag("slow")
  void participantItemsPivotAndAFault() {
    explore(TwoNodesSagas.inARow(2), 1, 610_000);
  }

  @Test
  @Tag("slow")
  void twoFaultsFurther() {
    reach(TwoNodesSagas.inARow(1), 2, 500_000);
  }

  @Test
  @Tag("slow")
  void branchesThatThePivotJoinsAndAFault() {
    explore(TwoNodesSagas.sideBySide(1), 1, 470_000);
  }

  @Test
  @Tag("slow")
  void pivotAtTheParticipantItemsAndAFault() {
    explore(TwoNodesSagas.pivotElsewhere(2), 1, 490_000);
  }

  @Test
  @Tag("slow")
  void participantAfterThePivotAndTwoFaults() {
    explore(TwoNodesSagas.remoteAfterPivot(1), 2, 285_000);
  }

  /** As far as the bound goes: what takes two faults near the start is found in each build. */
  @Test
  void twoFaultsNearTheStart() {
    reach(TwoNodesSagas.inARow(1), 2, 60_000);
  }

  @ParameterizedTest
  @CsvSource({
    "EPOCH, 1, fence:",
    "CLAIM_EPOCH, 1, fence:",
    "UNLESS_NEWS, 1, news:",
    "PARK_TIMER, 1, end:",
    "TIMER_NEWS, 1, end:",
    "EVENT_NEWS, 1, news:",
    "FIRST_ROW, 1, once: a step takes effect",
    "FIRST_UNDO, 1, once: a step is undone",
    "SENDING, 1, late:"
  })
  void rulesOfTheStoreAreNeeded(Broken broken, int faults, String law) {
    TwoNodesSearch search =
        new TwoNodesSearch(new TwoNodes(TwoNodesSagas.inARow(1), faults, broken), BOUND);
    assertThatThrownBy(search::run)
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("Law broken: " + law);
  }
}
