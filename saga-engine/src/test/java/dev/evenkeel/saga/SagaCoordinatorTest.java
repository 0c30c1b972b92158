package dev.evenkeel.saga;

import static dev.evenkeel.saga.ModelSagas.DEADLINE;
import static dev.evenkeel.saga.ModelSagas.TIMEOUT;
import static dev.evenkeel.saga.ModelSagas.harmless;
import static dev.evenkeel.saga.ModelSagas.pivot;
import static dev.evenkeel.saga.ModelSagas.retriable;
import static dev.evenkeel.saga.ModelSagas.saga;
import static dev.evenkeel.saga.ModelSagas.undoable;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.saga.Decision.Write;
import dev.evenkeel.saga.InstanceState.Signal;
import dev.evenkeel.saga.ModelSagas.Approved;
import dev.evenkeel.saga.ModelSagas.Command;
import dev.evenkeel.saga.SagaFailure.Reason;
import dev.evenkeel.saga.SagaNews.Failed.Kind;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SagaCoordinatorTest {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final int STUCK_AFTER = 3;

  private final SagaCoordinator coordinator = new SagaCoordinator(ModelSagas.CODEC, STUCK_AFTER);

  /** An instance that is told one thing after the other. */
  private final class Told {

    private InstanceState state;
    private Instant now = START;
    private Decision last;

    Told(SagaDefinition definition, int items) {
      this(definition, items, SagaState.RUNNING, false, null);
    }

    Told(
        SagaDefinition definition,
        int items,
        SagaState phase,
        boolean forwardOnly,
        @Nullable SagaFailure failure) {
      state =
          new InstanceState(
              definition,
              new UUID(0, 1),
              Command.of(items),
              START,
              definition.deadline() == null ? null : START.plus(definition.deadline()),
              phase,
              forwardOnly,
              failure,
              Set.of(),
              Map.of(),
              List.of());
      last = coordinator.decide(state, List.of(), now);
      tell(new SagaNews.Look());
    }

    Told tell(SagaNews... news) {
      last = coordinator.decide(state, List.of(news), now);
      state = last.state();
      return this;
    }

    /** The write that had to come first is committed. */
    Told written() {
      assertThat(last.write()).isEqualTo(Write.FIRST);
      assertThat(last.effects()).isEmpty();
      return tell(new SagaNews.Look());
    }

    Told done(String... keys) {
      for (String key : keys) {
        tell(row(key, Outcome.DONE));
      }
      return this;
    }

    Told undone(String key) {
      return tell(new SagaNews.Undone(StepKey.parse(key)));
    }

    Told failed(String key, Work work, Kind kind) {
      return tell(new SagaNews.Failed(StepKey.parse(key), work, kind, "Exception", "It failed"));
    }

    /** Whatever waits for a time begins. */
    Told later(Duration time) {
      now = now.plus(time);
      return tell(new SagaNews.Look());
    }

    List<String> begins() {
      return last.effects().stream().map(e -> e.work() + " " + e.key()).toList();
    }

    StepState step(String key) {
      return state.step(StepKey.parse(key));
    }
  }

  private static SagaNews row(String key, Outcome outcome) {
    StepKey of = StepKey.parse(key);
    SagaFailure failure =
        outcome == Outcome.REFUSED
            ? new SagaFailure(Reason.REFUSED, of.step(), "No", "There is none")
            : null;
    return new SagaNews.Ended(of, outcome, null, failure, START);
  }

  private static SagaNews cancel() {
    return new SagaNews.Cancelled(7, "Not wanted any more");
  }

  private static Signal approval(long position) {
    return new Signal(position, "Approved", new byte[0]);
  }

  private static SagaNews signal(long position) {
    return new SagaNews.Signalled(approval(position));
  }

  private Told told(SagaDefinition definition) {
    return new Told(definition, 2);
  }

  private static SagaDefinition sequence() {
    return saga("sequence")
        .deadline(DEADLINE)
        .step("a", undoable())
        .step("b", undoable("a"))
        .step("p", pivot("b"))
        .step("r", retriable("p"))
        .build();
  }

  @Nested
  class Transitions {

    @Test
    void completesWhenEverythingIsDone() {
      Told told = told(sequence()).done("a/0", "b/0", "p/0", "r/0");
      assertThat(told.last.write()).isEqualTo(Write.FIRST);
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void turnsClosesAndUndoes() {
      Told told = told(sequence()).done("a/0").tell(row("b/0", Outcome.REFUSED));
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      told.written();
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().begins()).containsExactly("UNDO a/0");
      told.undone("a/0");
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPENSATED);
      assertThat(told.last.write()).isEqualTo(Write.FIRST);
      assertThat(told.state.failure())
          .isEqualTo(new SagaFailure(Reason.REFUSED, "b", "No", "There is none"));
    }

    @Test
    void resumesWhenThePivotIsFoundDone() {
      Told told = told(sequence()).done("a/0", "b/0").tell(cancel()).written();
      assertThat(told.begins()).containsExactly("FENCE p/0");
      told.done("p/0");
      assertThat(told.state.phase()).isEqualTo(SagaState.RUNNING);
      assertThat(told.state.forwardOnly()).isTrue();
      assertThat(told.state.failure()).isNull();
      assertThat(told.written().begins()).containsExactly("FORWARD r/0");
    }

    @Test
    void onlyTheTableLeadsToAnotherState() {
      for (SagaState from : SagaState.values()) {
        InstanceState state =
            new InstanceState(
                sequence(),
                new UUID(0, 1),
                "",
                START,
                null,
                from,
                false,
                null,
                Set.of(),
                Map.of(),
                List.of());
        for (SagaState to : SagaState.values()) {
          Optional<SagaTransition> transition = SagaTransition.between(from, to);
          if (transition.isPresent()) {
            assertThat(state.enter(to, false, null).phase()).isEqualTo(to);
          } else {
            assertThatThrownBy(() -> state.enter(to, false, null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("from %s to %s".formatted(from, to));
          }
        }
        assertThat(from.isEnded())
            .isEqualTo(
                java.util.Arrays.stream(SagaTransition.values())
                    .filter(t -> t != SagaTransition.REOPEN)
                    .noneMatch(t -> t.from() == from));
      }
    }

    @ParameterizedTest
    @EnumSource(names = {"COMPLETED", "COMPENSATED"})
    void nothingMovesAnEndedInstance(SagaState end) {
      Told told = new Told(sequence(), 0, end, false, null);
      told.later(DEADLINE.multipliedBy(2));
      told.tell(cancel(), row("a/0", Outcome.DONE), signal(1));
      assertThat(told.last)
          .isEqualTo(
              new Decision(
                  told.state, List.of(), List.of(), Write.NONE, false, List.of(), List.of(), null));
      assertThat(told.state.phase()).isEqualTo(end);
    }
  }

  @Nested
  class Readiness {

    @Test
    void aStepBeginsAfterItsPredecessors() {
      Told told = told(sequence());
      assertThat(told.begins()).containsExactly("FORWARD a/0");
      assertThat(told.done("a/0").begins()).containsExactly("FORWARD b/0");
      assertThat(told.last.write()).isEqualTo(Write.LATER);
      assertThat(told.tell(new SagaNews.Look()).begins()).as("once").isEmpty();
      assertThat(told.last.write()).isEqualTo(Write.NONE);
    }

    @Test
    void branchesRunBesideEachOther() {
      Told told =
          told(
              saga("fork")
                  .step("a", undoable())
                  .step("b", undoable())
                  .step("c", harmless("b"))
                  .step("p", pivot("a", "c"))
                  .build());
      assertThat(told.begins()).containsExactlyInAnyOrder("FORWARD a/0", "FORWARD b/0");
      assertThat(told.done("b/0").begins()).containsExactly("FORWARD c/0");
      assertThat(told.done("c/0").begins()).isEmpty();
      assertThat(told.done("a/0").begins()).containsExactly("FORWARD p/0");
    }

    @Test
    void eachItemIsAStep() {
      SagaDefinition items =
          saga("items")
              .step("f", undoable().andThen(s -> s.forEach("items")))
              .step("p", pivot("f"))
              .build();
      assertThat(new Told(items, 0).begins()).containsExactly("FORWARD p/0");
      assertThat(new Told(items, 1).done("f/0").begins()).containsExactly("FORWARD p/0");
      Told three = new Told(items, 3);
      assertThat(three.begins()).containsExactly("FORWARD f/0", "FORWARD f/1", "FORWARD f/2");
      assertThat(three.done("f/2", "f/0").begins()).isEmpty();
      assertThat(three.done("f/1").begins()).containsExactly("FORWARD p/0");
    }

    @Test
    void anUnwantedStepCountsAsDoneAfterWhatItComesAfter() {
      SagaDefinition definition =
          saga("unwanted")
              .step("a", undoable())
              .step("n", undoable("a").andThen(s -> s.when("no")))
              .await("w", Approved.class, w -> w.after("n").when("no"))
              .step("p", pivot("w"))
              .build();
      Told told = told(definition);
      assertThat(told.begins()).as("not the pivot").containsExactly("FORWARD a/0");
      assertThat(told.done("a/0").begins()).containsExactly("FORWARD p/0");
      assertThat(told.done("p/0").state.phase()).isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void aSkippedStepLetsOthersBeginAndIsNotUndone() {
      Told told = told(sequence()).tell(row("a/0", Outcome.SKIPPED));
      assertThat(told.begins()).containsExactly("FORWARD b/0");
      told.done("b/0").tell(row("p/0", Outcome.REFUSED)).written();
      assertThat(told.written().begins()).containsExactly("UNDO b/0");
      assertThat(told.undone("b/0").state.phase()).isEqualTo(SagaState.COMPENSATED);
    }

    @Test
    void theFirstOutcomeIsFinal() {
      Told told = told(sequence()).done("a/0").tell(row("a/0", Outcome.REFUSED));
      assertThat(told.step("a/0").outcome()).isEqualTo(Outcome.DONE);
      assertThat(told.last.write()).isEqualTo(Write.NONE);
    }
  }

  @Nested
  class Awaits {

    private final SagaDefinition definition = await(OnTimeout.COMPENSATE);

    private SagaDefinition await(OnTimeout onTimeout) {
      return saga("await")
          .step("a", undoable())
          .await("w", Approved.class, w -> w.after("a").timeout(TIMEOUT).onTimeout(onTimeout))
          .step("p", pivot("w"))
          .build();
    }

    private void requireTaken(Told told, long position) {
      assertThat(told.last.awaited())
          .singleElement()
          .satisfies(
              awaited -> {
                assertThat(awaited.key()).isEqualTo(new StepKey("w", 0));
                assertThat(awaited.outcome()).isEqualTo(Outcome.DONE);
                assertThat(awaited.event().position()).isEqualTo(position);
              });
      assertThat(told.last.taken()).containsExactly(position);
      assertThat(told.step("w/0").result()).isEqualTo(new Approved());
      assertThat(told.written().begins()).containsExactly("FORWARD p/0");
    }

    @Test
    void anEarlySignalIsKept() {
      Told told = told(definition).tell(signal(1));
      assertThat(told.state.signals()).hasSize(1);
      assertThat(told.last.taken()).isEmpty();
      requireTaken(told.done("a/0"), 1);
    }

    @Test
    void aSignalInTimeIsTaken() {
      Told told = told(definition).done("a/0");
      assertThat(told.last.lookAt()).isEqualTo(START.plus(TIMEOUT));
      requireTaken(told.tell(signal(1)), 1);
    }

    @Test
    void ofTwoSignalsTheFirstIsTakenAndTheOtherKept() {
      requireTaken(told(definition).done("a/0").tell(signal(1), signal(2)), 1);
      Told told = told(definition).done("a/0").tell(signal(1), signal(2));
      assertThat(told.state.signals()).extracting(Signal::position).containsExactly(2L);
    }

    @Test
    void oneSignalForEachOfTwoAwaits() {
      Told told =
          told(
              saga("twice")
                  .await("w", Approved.class, w -> w.after())
                  .await("v", Approved.class, w -> w.after("w"))
                  .build());
      told.tell(signal(1), signal(2));
      assertThat(told.last.taken()).containsExactly(1L);
      told.written();
      assertThat(told.last.taken()).containsExactly(2L);
      assertThat(told.written().state.phase()).isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void anotherEventIsNotTaken() {
      Told told = told(definition).done("a/0");
      told.tell(new SagaNews.Signalled(new Signal(1, "Paid", new byte[0])));
      assertThat(told.last.awaited()).isEmpty();
    }

    @Test
    void aTimeoutTurns() {
      Told told = told(definition).done("a/0").later(TIMEOUT);
      assertThat(told.last.awaited())
          .containsExactly(new Decision.Awaited(new StepKey("w", 0), Outcome.REFUSED, null));
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      assertThat(told.state.failure().reason()).isEqualTo(Reason.TIMEOUT);
      assertThat(told.written().state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().begins()).containsExactly("UNDO a/0");
    }

    @Test
    void aTimeoutMayContinue() {
      Told told = told(await(OnTimeout.CONTINUE)).done("a/0").later(TIMEOUT);
      assertThat(told.last.awaited())
          .containsExactly(new Decision.Awaited(new StepKey("w", 0), Outcome.DONE, null));
      assertThat(told.written().begins()).containsExactly("FORWARD p/0");
    }

    @Test
    void withSignalAndTimeoutAtOnceTheSignalCounts() {
      Told told = told(definition).done("a/0");
      told.now = START.plus(TIMEOUT);
      requireTaken(told.tell(new SagaNews.Look(), signal(1)), 1);
    }

    @Test
    void aSignalAfterTheTimeoutIsNotTaken() {
      Told told = told(definition).done("a/0").later(TIMEOUT).tell(signal(1));
      assertThat(told.last.awaited()).isEmpty();
      assertThat(told.last.taken()).isEmpty();
      assertThat(told.step("w/0").outcome()).isEqualTo(Outcome.REFUSED);
    }

    /** An event that was stored in time may not have been read yet. */
    @Test
    void aTimeoutIsWrittenOnlyIfThereIsNoNews() {
      Told told = told(definition).done("a/0");
      told.now = START.plus(TIMEOUT);
      told.tell(new SagaNews.Look(), new SagaNews.Signalled(new Signal(1, "Paid", new byte[0])));
      assertThat(told.last.write()).as("first it looks at nothing else").isEqualTo(Write.NONE);
      assertThat(told.last.lookAt()).isEqualTo(told.now);
      told.tell(new SagaNews.Look());
      assertThat(told.last.write()).isEqualTo(Write.FIRST);
      assertThat(told.last.unlessNews()).isTrue();
    }

    @Test
    void theTimeRunsFromTheLastAncestor() {
      Told told = told(definition);
      Instant done = START.plus(Duration.ofMinutes(3));
      told.tell(new SagaNews.Ended(new StepKey("a", 0), Outcome.DONE, null, null, done));
      assertThat(told.last.lookAt()).isEqualTo(done.plus(TIMEOUT));
    }

    /** A write that comes first holds up what would begin, and does not forget it. */
    @ParameterizedTest
    @EnumSource
    void whatBeginsBesideAnAwaitBeginsAfterItsWrite(OnTimeout how) {
      SagaDefinition beside =
          saga("beside")
              .step("a", undoable())
              .await(
                  "w",
                  Approved.class,
                  w -> w.after().timeout(TIMEOUT).onTimeout(OnTimeout.CONTINUE))
              .step("p", pivot("a", "w"))
              .build();
      Told told = told(beside);
      told.failed("a/0", Work.FORWARD, Kind.OUTAGE);
      told.now = START.plus(TIMEOUT);
      told.tell(how == OnTimeout.CONTINUE ? new SagaNews.Look() : signal(1));
      assertThat(told.last.awaited()).hasSize(1);
      assertThat(told.written().begins()).containsExactly("FORWARD a/0");
    }
  }

  @Nested
  class Failures {

    @Test
    void aRefusalNamesItsReason() {
      Told told = told(sequence()).tell(row("a/0", Outcome.REFUSED));
      assertThat(told.state.failure().message()).isEqualTo("There is none");
    }

    @Test
    void attemptsUsedUpTurn() {
      Told told = told(sequence()).failed("a/0", Work.FORWARD, Kind.ERROR);
      assertThat(told.begins()).as("not before its time").isEmpty();
      assertThat(told.last.lookAt()).isBetween(START.plusMillis(800), START.plusMillis(1_200));
      assertThat(told.last.write()).isEqualTo(Write.LATER);
      told.later(Duration.ofSeconds(2));
      assertThat(told.last.effects())
          .containsExactly(new Decision.Effect(new StepKey("a", 0), Work.FORWARD, 2, true));
      told.failed("a/0", Work.FORWARD, Kind.ERROR);
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      assertThat(told.state.failure())
          .isEqualTo(new SagaFailure(Reason.ATTEMPTS_EXHAUSTED, "a", "Exception", "It failed"));
      assertThat(told.written().begins()).as("it may have committed").containsExactly("FENCE a/0");
    }

    @Test
    void anOutageIsNoAttempt() {
      Told told = told(sequence());
      for (int i = 0; i < 50; i++) {
        told.failed("a/0", Work.FORWARD, Kind.OUTAGE).later(Duration.ofSeconds(40));
        assertThat(told.last.effects())
            .containsExactly(new Decision.Effect(new StepKey("a", 0), Work.FORWARD, 1, true));
      }
      assertThat(told.step("a/0").trouble()).isNull();
    }

    @Test
    void everyTenthContentionIsAnAttempt() {
      Told told = told(sequence());
      for (int i = 1; i <= 19; i++) {
        told.failed("a/0", Work.FORWARD, Kind.CONTENTION).later(Duration.ofSeconds(2));
        assertThat(told.step("a/0").attempts()).isEqualTo(i / 10);
      }
      told.failed("a/0", Work.FORWARD, Kind.CONTENTION);
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
    }

    @Test
    void inputThatCannotBeComputedTurnsAtOnce() {
      Told told = told(sequence()).failed("a/0", Work.FORWARD, Kind.INPUT);
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
    }

    /** It can't begin anywhere, so there is nothing to fence. */
    @Test
    void whatHasNoPlaceNeedsNoFence() {
      Told told = told(sequence()).done("a/0").failed("b/0", Work.FORWARD, Kind.INPUT).written();
      assertThat(told.begins()).containsExactly("FENCE b/0");
      told.failed("b/0", Work.FENCE, Kind.INPUT);
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().begins()).containsExactly("UNDO a/0");
    }

    @Test
    void itemsThatCannotBeReadTurn() {
      SagaDefinition definition =
          saga("items").step("f", undoable().andThen(s -> s.forEach("items"))).build();
      Told told = new Told(definition, InstanceState.MAX_ITEMS + 1);
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      assertThat(told.state.failure().message())
          .isEqualTo("forEach of step \"f\" must have at most 1000 items, has 1001");
      assertThat(told.written().state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().state.phase()).isEqualTo(SagaState.COMPENSATED);
    }

    @Test
    void itemsThatCannotBeReadAfterThePivotAreStuck() {
      SagaDefinition definition =
          saga("items")
              .step("p", pivot())
              .step("f", retriable("p").andThen(s -> s.forEach("items")))
              .build();
      Told told = new Told(definition, InstanceState.MAX_ITEMS + 1).done("p/0");
      assertThat(told.state.phase()).isEqualTo(SagaState.RUNNING);
      assertThat(told.state.trouble()).contains("at most 1000 items");
      assertThat(told.last.write()).isEqualTo(Write.LATER);
    }

    @Test
    void aStepThatWasDoneAndHasNoRowIsStuckAndNeverTurns() {
      Told told = told(sequence());
      for (int i = 0; i < 10; i++) {
        told.failed("a/0", Work.FORWARD, Kind.MISSING).later(Duration.ofMinutes(2));
        assertThat(told.state.phase()).isEqualTo(SagaState.RUNNING);
        assertThat(told.state.trouble()).startsWith("Attempts of step \"a/0\" failed");
        assertThat(told.begins()).containsExactly("FORWARD a/0");
      }
    }

    @Test
    void theStuckMarkIsSetAndCleared() {
      Told told = told(sequence()).done("a/0", "b/0", "p/0");
      for (int i = 1; i <= STUCK_AFTER; i++) {
        assertThat(told.state.trouble()).isNull();
        told.failed("r/0", Work.FORWARD, Kind.ERROR).later(Duration.ofMinutes(2));
        assertThat(told.begins()).as("retried on").containsExactly("FORWARD r/0");
      }
      assertThat(told.state.trouble())
          .isEqualTo("Attempts of step \"r/0\" failed 3 times: It failed");
      told.failed("r/0", Work.FORWARD, Kind.OUTAGE);
      assertThat(told.state.trouble()).as("an outage clears nothing").isNotNull();
      told.done("r/0");
      assertThat(told.state.trouble()).isNull();
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void fencesAndCompensationsGetStuckAndAreRetried() {
      Told told = told(sequence()).done("a/0", "b/0").tell(cancel()).written();
      for (int i = 0; i < STUCK_AFTER; i++) {
        told.failed("p/0", Work.FENCE, Kind.ERROR).later(Duration.ofMinutes(2));
      }
      assertThat(told.state.trouble()).startsWith("Fencing of step \"p/0\" failed 3 times");
      told.tell(row("p/0", Outcome.FENCED));
      assertThat(told.state.trouble()).isNull();
      told.written();
      for (int i = 0; i < STUCK_AFTER; i++) {
        assertThat(told.begins()).containsExactly("UNDO b/0");
        told.failed("b/0", Work.UNDO, Kind.ERROR).later(Duration.ofMinutes(2));
      }
      assertThat(told.state.trouble()).startsWith("Compensation of step \"b/0\" failed 3 times");
      assertThat(told.undone("b/0").state.trouble()).isNull();
    }

    @Test
    void aFailureOfALeftDirectionMeansNothing() {
      Told told = told(sequence()).tell(cancel()).written();
      assertThat(told.begins()).containsExactly("FENCE a/0");
      told.failed("a/0", Work.FORWARD, Kind.ERROR);
      assertThat(told.step("a/0").attempts()).isZero();
      assertThat(told.step("a/0").work()).isEqualTo(Work.FENCE);
    }
  }

  @Nested
  class TurningBack {

    @Test
    void aDeadlineTurnsBeforeThePivot() {
      Told told = told(sequence());
      assertThat(told.last.lookAt()).isEqualTo(START.plus(DEADLINE));
      told.later(DEADLINE);
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      assertThat(told.state.failure().reason()).isEqualTo(Reason.DEADLINE);
      assertThat(told.last.unlessNews()).isTrue();
    }

    @Test
    void aCancelTurnsBeforeThePivotAndIsUsedUp() {
      Told told = told(sequence()).tell(cancel());
      assertThat(told.last.taken()).containsExactly(7L);
      assertThat(told.last.unlessNews()).isFalse();
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      assertThat(told.state.failure())
          .isEqualTo(new SagaFailure(Reason.CANCELLED, null, "", "Not wanted any more"));
    }

    @Test
    void afterThePivotDeadlineAndCancelTurnNothing() {
      Told told = told(sequence()).done("a/0", "b/0", "p/0");
      assertThat(told.last.lookAt()).isNull();
      told.later(DEADLINE).tell(cancel());
      assertThat(told.last.taken()).containsExactly(7L);
      assertThat(told.last.write()).isEqualTo(Write.LATER);
      assertThat(told.state.phase()).isEqualTo(SagaState.RUNNING);
      told.failed("r/0", Work.FORWARD, Kind.INPUT);
      assertThat(told.state.phase()).isEqualTo(SagaState.RUNNING);
    }

    @Test
    void aNewOwnerAfterResumeTurnsNothing() {
      Told told = new Told(sequence(), 0, SagaState.RUNNING, true, null);
      told.later(DEADLINE).tell(cancel());
      assertThat(told.state.phase()).isEqualTo(SagaState.RUNNING);
      assertThat(told.step("a/0").work()).as("its row is read first").isEqualTo(Work.FORWARD);
    }

    @Test
    void whatComesWhileClosingAndUndoingChangesNoDirection() {
      Told told = told(sequence()).done("a/0").tell(cancel()).written();
      told.later(DEADLINE).tell(cancel(), signal(1));
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      assertThat(told.state.failure().reason()).isEqualTo(Reason.CANCELLED);
      assertThat(told.last.taken()).containsExactly(7L);
      told.tell(row("b/0", Outcome.FENCED)).written();
      told.tell(cancel());
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.last.taken()).containsExactly(7L);
    }

    /** Before the first fence the turn is durable, and nothing is asked of it meanwhile. */
    @Test
    void nothingFollowsBeforeTheTurnIsWritten() {
      Told told = told(sequence()).done("a/0").tell(cancel());
      assertThat(told.last.write()).isEqualTo(Write.FIRST);
      assertThat(told.begins()).isEmpty();
    }

    @Test
    void closingWalksBehindWhatItFindsDone() {
      Told told = told(sequence()).tell(cancel()).written();
      assertThat(told.begins()).containsExactly("FENCE a/0");
      assertThat(told.done("a/0").begins()).containsExactly("FENCE b/0");
      told.tell(row("b/0", Outcome.FENCED));
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().begins())
          .as("the fenced one is not undone")
          .containsExactly("UNDO a/0");
    }

    @Test
    void nothingIsUndoneBeforeEverythingIsFinal() {
      Told told =
          told(
              saga("fork")
                  .step("a", undoable())
                  .step("b", undoable())
                  .step("p", pivot("a", "b"))
                  .build());
      told.tell(row("a/0", Outcome.REFUSED)).written();
      assertThat(told.begins()).containsExactly("FENCE b/0");
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      told.done("b/0");
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().begins()).containsExactly("UNDO b/0");
    }

    @Test
    void aNewOwnerFindsOutFirstWhatThereIsToUndo() {
      SagaFailure failure = new SagaFailure(Reason.CANCELLED, null, "", "");
      Told told = new Told(sequence(), 0, SagaState.COMPENSATING, false, failure);
      assertThat(told.begins()).containsExactly("FENCE a/0");
      assertThat(told.done("a/0").begins()).containsExactly("FENCE b/0");
      assertThat(told.tell(row("b/0", Outcome.FENCED)).begins()).containsExactly("UNDO a/0");
    }

    @Test
    void closingPassesAnUnwantedStepOnlyBehindWhatIsDone() {
      SagaDefinition definition =
          saga("unwanted")
              .step("a", undoable())
              .step("n", undoable("a").andThen(s -> s.when("no")))
              .step("p", pivot("n"))
              .build();
      Told told = told(definition).tell(cancel()).written();
      assertThat(told.begins()).containsExactly("FENCE a/0");
      assertThat(told.done("a/0").begins()).containsExactly("FENCE p/0");
    }

    @Test
    void behindAnOpenAwaitNothingIsFenced() {
      SagaDefinition definition =
          saga("await").await("w", Approved.class, w -> w.after()).step("a", undoable("w")).build();
      Told told = told(definition).tell(cancel());
      assertThat(told.written().state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().state.phase()).isEqualTo(SagaState.COMPENSATED);
    }

    @Test
    void withoutPivotItTurnsUntilItsEnd() {
      SagaDefinition definition =
          saga("free").step("a", undoable()).step("b", undoable("a")).deadline(DEADLINE).build();
      Told told = told(definition).done("a/0").later(DEADLINE).written();
      assertThat(told.begins()).containsExactly("FENCE b/0");
      told.done("b/0");
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().begins()).containsExactly("UNDO b/0");
      assertThat(told.undone("b/0").begins()).containsExactly("UNDO a/0");
    }

    @Test
    void undoingGoesAgainstTheGraph() {
      SagaDefinition definition =
          saga("graph")
              .step("a", undoable())
              .step("b", undoable("a"))
              .step("h", harmless("a"))
              .step("f", undoable("h").andThen(s -> s.forEach("items")))
              .step("p", pivot("b", "f"))
              .build();
      Told told = told(definition).done("a/0", "b/0", "h/0", "f/0", "f/1");
      told.tell(row("p/0", Outcome.REFUSED)).written();
      assertThat(told.written().begins())
          .containsExactlyInAnyOrder("UNDO b/0", "UNDO f/0", "UNDO f/1");
      assertThat(told.undone("b/0").undone("f/1").begins()).isEmpty();
      assertThat(told.undone("f/0").begins()).containsExactly("UNDO a/0");
      assertThat(told.undone("a/0").state.phase()).isEqualTo(SagaState.COMPENSATED);
    }

    @Test
    void attemptsCountAnewInEachDirection() {
      Told told = told(sequence()).failed("a/0", Work.FORWARD, Kind.ERROR).tell(cancel()).written();
      assertThat(told.last.effects())
          .as("and it begins at once")
          .containsExactly(new Decision.Effect(new StepKey("a", 0), Work.FENCE, 1, true));
    }
  }

  /** Steps that call what is not transactional. */
  @Nested
  class Calls {

    private SagaDefinition calls() {
      return saga("calls")
          .step("a", undoable().andThen(s -> s.external()))
          .step("b", undoable("a"))
          .step("p", pivot("b").andThen(s -> s.external()))
          .build();
    }

    private SagaNews handed(Told told, String key, Duration wait) {
      return new SagaNews.Handed(StepKey.parse(key), Work.FENCE, told.now.plus(wait));
    }

    @Test
    void whatMayBeUnderWayIsFencedAgainWhenItsTimeIsOver() {
      Told told = told(calls()).tell(cancel()).written();
      assertThat(told.begins()).containsExactly("FENCE a/0");
      told.tell(handed(told, "a/0", Duration.ofSeconds(10)));
      assertThat(told.begins()).isEmpty();
      assertThat(told.state.isWorking()).as("so that it can be parked").isFalse();
      assertThat(told.last.lookAt()).isEqualTo(told.now.plusSeconds(10));
      assertThat(told.later(Duration.ofSeconds(9)).begins()).isEmpty();
      assertThat(told.later(Duration.ofSeconds(1)).begins()).containsExactly("FENCE a/0");
    }

    @Test
    void whatNobodyKnowsOfIsUndoneAndLetsNothingFollow() {
      Told told = told(calls()).tell(cancel()).written();
      told.tell(handed(told, "a/0", Duration.ofSeconds(10)));
      told.later(Duration.ofSeconds(10)).tell(row("a/0", Outcome.UNKNOWN));
      assertThat(told.state.phase()).isEqualTo(SagaState.COMPENSATING);
      assertThat(told.written().begins()).containsExactly("UNDO a/0");
      assertThat(told.step("a/0").result()).isNull();
      assertThat(told.undone("a/0").state.phase()).isEqualTo(SagaState.COMPENSATED);
    }

    @Test
    void outcomeThatComesWhileItsTimeIsAwaitedCounts() {
      Told told = told(calls()).tell(cancel()).written();
      told.tell(handed(told, "a/0", Duration.ofSeconds(10)));
      assertThat(told.done("a/0").begins()).containsExactly("FENCE b/0");
    }

    @Test
    void pivotThatIsCalledAgainCountsItsAttemptsAndMarksTheSaga() {
      Told told = told(calls()).done("a/0", "b/0").tell(cancel()).written();
      for (int attempt = 1; attempt <= STUCK_AFTER; attempt++) {
        assertThat(told.begins()).containsExactly("FENCE p/0");
        assertThat(told.state.trouble()).isNull();
        told.failed("p/0", Work.FENCE, Kind.ERROR);
        assertThat(told.begins()).as("it waits").isEmpty();
        if (attempt < STUCK_AFTER) {
          told.later(Duration.ofMinutes(1));
        }
      }
      assertThat(told.state.phase()).isEqualTo(SagaState.CLOSING);
      assertThat(told.state.trouble()).contains("p/0").contains("3 times");
      told.later(Duration.ofMinutes(1)).done("p/0");
      assertThat(told.state.phase()).isEqualTo(SagaState.RUNNING);
      assertThat(told.state.forwardOnly()).isTrue();
      assertThat(told.state.trouble()).isNull();
    }

    @Test
    void answerToWhatWasNeverSentIsAForgery() {
      Told told = told(calls()).tell(cancel()).written();
      told.tell(handed(told, "a/0", Duration.ofSeconds(10)));
      told.tell(new SagaNews.Answered(9, 1, row("a/0", Outcome.DONE), null));
      assertThat(told.step("a/0").outcome()).isNull();
      assertThat(told.last.taken()).containsExactly(9L);
    }
  }
}
