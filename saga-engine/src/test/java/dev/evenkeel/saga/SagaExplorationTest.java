package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.ModelSagas.Command;
import dev.evenkeel.saga.SagaModel.Sight;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every world that small sagas can reach, by every order of attempts, commits, losses, takeovers,
 * signals, cancels and times. {@link SagaLaws} must hold in each of them, and from each of them
 * there must be a way to an end on which nothing fails.
 */
class SagaExplorationTest {

  private static final int ALL = 400_000;

  /** A child is made to turn back by its parent's message, not by a decision of its own. */
  private static final Set<SagaTransition> WITH_PIVOT =
      EnumSet.complementOf(EnumSet.of(SagaTransition.REOPEN));

  private static final Set<SagaTransition> WITHOUT_PIVOT =
      EnumSet.complementOf(EnumSet.of(SagaTransition.RESUME, SagaTransition.REOPEN));

  /** Explores all of it; what it never came across, it would not show. */
  private static void exploreAll(
      SagaModel model, Set<SagaTransition> transitions, Sight... sights) {
    SagaExploration exploration = new SagaExploration(model, ALL);
    exploration.run();
    assertThat(exploration.isComplete()).as("it has fewer than %d worlds", ALL).isTrue();
    assertThat(model.transitions).isEqualTo(transitions);
    assertThat(model.sights)
        .contains(
            Sight.FORMER_OWNER_COMMITTED,
            Sight.WRITE_REFUSED,
            Sight.FENCE_WON,
            Sight.FENCE_FOUND_DONE)
        .containsAll(List.of(sights));
  }

  private static SagaModel model(SagaDefinition definition) {
    return new SagaModel(definition, Command.of(2), false);
  }

  private static SagaModel cancelled(SagaDefinition definition) {
    return new SagaModel(definition, Command.of(2), true);
  }

  @Test
  void stepsInARowAndACancel() {
    exploreAll(cancelled(ModelSagas.sequence()), WITH_PIVOT, Sight.STUCK);
  }

  @Test
  void aDeadline() {
    exploreAll(model(ModelSagas.deadline()), WITH_PIVOT);
  }

  @Test
  void branchesThatAPivotJoins() {
    exploreAll(model(ModelSagas.fork()), WITH_PIVOT);
  }

  @Test
  void noItemsAndAnUnwantedStep() {
    exploreAll(new SagaModel(ModelSagas.noItems(), Command.of(0), false), WITH_PIVOT);
  }

  @Test
  void anAwaitInTheWay() {
    exploreAll(
        model(ModelSagas.await()),
        WITH_PIVOT,
        Sight.SIGNAL_TAKEN,
        Sight.TIMED_OUT,
        Sight.NEWS_BEFORE_TIME);
  }

  @Test
  void anAwaitBesideAStep() {
    exploreAll(model(ModelSagas.awaitBeside()), WITH_PIVOT, Sight.SIGNAL_TAKEN, Sight.TIMED_OUT);
  }

  @Test
  void anAwaitAfterThePivot() {
    exploreAll(
        model(ModelSagas.awaitAfterPivot()), WITH_PIVOT, Sight.SIGNAL_TAKEN, Sight.TIMED_OUT);
  }

  @Test
  void noPivotAndACancel() {
    exploreAll(cancelled(ModelSagas.noPivot()), WITHOUT_PIVOT);
  }

  @Test
  void aStepWithNothingToUndo() {
    exploreAll(model(ModelSagas.nothingToUndo()), WITH_PIVOT);
  }

  @Test
  void aStepThatHasNoPlace() {
    exploreAll(
        model(ModelSagas.nowhere()),
        EnumSet.of(SagaTransition.CLOSE, SagaTransition.COMPENSATE, SagaTransition.UNDO));
  }

  /** As far as the bound goes. */
  @Test
  void items() {
    new SagaExploration(model(ModelSagas.items()), 60_000).run();
  }

  @Test
  @Tag("slow")
  void itemsFurther() {
    new SagaExploration(model(ModelSagas.items()), ALL).run();
  }

  @Test
  @Tag("slow")
  void theShapeOfAnOrder() {
    new SagaExploration(cancelled(ModelSagas.order()), 200_000).run();
  }
}
