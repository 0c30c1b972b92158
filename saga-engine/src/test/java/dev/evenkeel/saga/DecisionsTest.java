package dev.evenkeel.saga;

import static dev.evenkeel.saga.ModelSagas.TIMEOUT;
import static dev.evenkeel.saga.ModelSagas.harmless;
import static dev.evenkeel.saga.ModelSagas.pivot;
import static dev.evenkeel.saga.ModelSagas.retriable;
import static dev.evenkeel.saga.ModelSagas.saga;
import static dev.evenkeel.saga.ModelSagas.undoable;
import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.Decision.Write;
import dev.evenkeel.saga.ModelSagas.Approved;
import dev.evenkeel.saga.ModelSagas.Command;
import dev.evenkeel.saga.SagaAction.Kind;
import dev.evenkeel.saga.SagaFailure.Reason;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the owner makes of operators' decisions, wherever its saga stands. */
class DecisionsTest {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final int POSITION = 5;

  private final SagaCoordinator coordinator = new SagaCoordinator(ModelSagas.CODEC, 3);

  private InstanceState state;
  private Decision last;
  private Instant now = START;

  private static SagaDefinition local() {
    return saga("local")
        .step("a", undoable())
        .await("w", Approved.class, w -> w.after("a").timeout(TIMEOUT))
        .step("p", pivot("w"))
        .step("r", retriable("p"))
        .build();
  }

  private static SagaDefinition remote() {
    return saga("remote")
        .step(
            "a",
            s ->
                s.after()
                    .participant("shipping")
                    .retry(ModelSagas.NEVER_REFUSES)
                    .run(c -> "ship")
                    .delegatedCompensation())
        .step("h", harmless("a"))
        .build();
  }

  private void begin(SagaDefinition definition, SagaState phase, boolean forwardOnly) {
    SagaFailure failure =
        phase == SagaState.RUNNING ? null : new SagaFailure(Reason.CANCELLED, null, "", "No more");
    state =
        new InstanceState(
            definition,
            new UUID(0, 1),
            Command.of(1),
            START,
            null,
            phase,
            forwardOnly,
            failure,
            Set.of(),
            Map.of(),
            List.of());
  }

  private void tell(SagaNews... news) {
    last = coordinator.decide(state, List.of(news), now);
    state = last.state();
  }

  private static SagaNews row(String key, Outcome outcome) {
    return new SagaNews.Ended(
        StepKey.parse(key),
        outcome,
        null,
        outcome == Outcome.REFUSED ? new SagaFailure(Reason.REFUSED, "a", "No", "No") : null,
        START);
  }

  private static SagaNews answer(String key, Outcome outcome, int sending) {
    return new SagaNews.Answered(9, sending, row(key, outcome), null);
  }

  private static SagaNews decided(Kind kind, String key) {
    StepKey of = StepKey.parse(key);
    return new SagaNews.Decided(
        POSITION,
        new OperatorDecision(kind, of.step(), of.item(), new byte[] {1}, "ops", "it hangs"),
        "instead");
  }

  private static SagaNews retry() {
    return new SagaNews.Decided(
        POSITION, new OperatorDecision(Kind.RETRY, null, 0, null, "ops", "it hangs"), null);
  }

  private List<String> begins() {
    return last.effects().stream().map(e -> e.work() + " " + e.key()).toList();
  }

  private List<String> sends() {
    return last.sends().stream().map(s -> s.work() + " " + s.key()).toList();
  }

  private StepState step(String key) {
    return state.step(StepKey.parse(key));
  }

  private void fail(String key, Work work) {
    tell(
        new SagaNews.Failed(
            StepKey.parse(key), work, SagaNews.Failed.Kind.ERROR, "Exception", "It failed"));
  }

  private void assertClosed() {
    assertThat(last.taken()).contains((long) POSITION);
    assertThat(state.decided()).isEmpty();
  }

  // ---- retry

  @ParameterizedTest(name = "{0}")
  @CsvSource({"RUNNING, r/0, FORWARD", "CLOSING, a/0, FENCE", "COMPENSATING, a/0, UNDO"})
  void retryBeginsAtOnceWhatWaitsForItsNextAttempt(SagaState phase, String key, Work work) {
    begin(local(), phase, phase == SagaState.RUNNING);
    switch (phase) {
      case RUNNING -> {
        tell(row("a/0", Outcome.DONE), row("w/0", Outcome.DONE), row("p/0", Outcome.DONE));
        tell(new SagaNews.Look());
      }
      case COMPENSATING -> {
        tell(row("a/0", Outcome.DONE), row("p/0", Outcome.FENCED));
        tell(new SagaNews.Look());
      }
      default -> tell(new SagaNews.Look());
    }
    assertThat(state.step(StepKey.parse(key)).work()).isEqualTo(work);
    fail(key, work);
    assertThat(begins()).isEmpty();

    tell(retry(), new SagaNews.Look());

    assertThat(begins()).containsExactly(work + " " + key);
    assertClosed();
    assertThat(last.write()).isEqualTo(Write.LATER);
  }

  @Test
  void retryAsksAParticipantAgainThatHasNotAnswered() {
    begin(remote(), SagaState.RUNNING, false);
    tell(new SagaNews.Look());
    assertThat(sends()).containsExactly("FORWARD a/0");
    tell(new SagaNews.Look());
    assertThat(sends()).isEmpty();

    tell(retry(), new SagaNews.Look());

    assertThat(sends()).containsExactly("FORWARD a/0");
    assertThat(step("a/0").asked().sendings()).isEqualTo(2);
  }

  // ---- skip

  @Test
  void skipOfALocalStepIsDecidedByItsShard() {
    begin(local(), SagaState.RUNNING, false);
    tell(new SagaNews.Look());
    fail("a/0", Work.FORWARD);
    tell(decided(Kind.SKIP, "a/0"), new SagaNews.Look());

    assertThat(begins()).containsExactly("SKIP a/0");
    assertThat(last.taken()).as("stored until it is carried out").isEmpty();
    tell(row("a/0", Outcome.SKIPPED));
    assertClosed();
    assertThat(step("a/0").outcome()).isEqualTo(Outcome.SKIPPED);
  }

  @ParameterizedTest
  @CsvSource({"DONE, RUNNING", "REFUSED, CLOSING"})
  void anOutcomeThatWasFasterThanTheSkipStays(Outcome outcome, SagaState phase) {
    begin(local(), SagaState.RUNNING, false);
    tell(new SagaNews.Look());
    tell(decided(Kind.SKIP, "a/0"), new SagaNews.Look());
    assertThat(begins()).as("beside the attempt").containsExactly("SKIP a/0");

    tell(row("a/0", outcome));
    if (phase == SagaState.CLOSING) {
      tell(new SagaNews.Look());
    }

    assertThat(step("a/0").outcome()).isEqualTo(outcome);
    assertThat(state.decided()).isEmpty();
    tell(row("a/0", Outcome.SKIPPED));
    if (outcome == Outcome.DONE) {
      assertThat(step("a/0").outcome()).isEqualTo(Outcome.DONE);
    }
  }

  @Test
  void skipThatFailsIsRepeatedAndNothingElseBegins() {
    begin(local(), SagaState.RUNNING, false);
    tell(new SagaNews.Look());
    tell(decided(Kind.SKIP, "a/0"), new SagaNews.Look());
    fail("a/0", Work.SKIP);
    assertThat(begins()).isEmpty();
    now = now.plus(Duration.ofMinutes(2));
    tell(new SagaNews.Look());
    assertThat(begins()).containsExactly("SKIP a/0");
  }

  @Test
  void skipWhosePlaceCantBeComputedIsWrittenAtHome() {
    begin(local(), SagaState.RUNNING, true);
    tell(new SagaNews.Look());
    tell(decided(Kind.SKIP, "a/0"), new SagaNews.Look());
    tell(
        new SagaNews.Failed(
            StepKey.parse("a/0"), Work.SKIP, SagaNews.Failed.Kind.INPUT, "", "No key"));
    assertThat(last.awaited())
        .extracting(Decision.Awaited::outcome)
        .containsExactly(Outcome.SKIPPED);
    assertThat(last.write()).isEqualTo(Write.FIRST);
    assertClosed();
  }

  @Test
  void skipOfAnAwaitLetsItsDependantsGoOn() {
    begin(local(), SagaState.RUNNING, false);
    tell(row("a/0", Outcome.DONE));
    tell(decided(Kind.SKIP, "w/0"), new SagaNews.Look());
    assertThat(last.write()).isEqualTo(Write.FIRST);
    assertThat(last.awaited())
        .extracting(Decision.Awaited::key)
        .containsExactly(StepKey.parse("w/0"));
    assertClosed();
    tell(new SagaNews.Look());
    assertThat(begins()).containsExactly("FORWARD p/0");
  }

  @Test
  void skipWaitsForAStepThatIsNotReached() {
    begin(local(), SagaState.RUNNING, false);
    tell(decided(Kind.SKIP, "p/0"), new SagaNews.Look());
    assertThat(last.taken()).isEmpty();
    tell(row("a/0", Outcome.DONE), row("w/0", Outcome.DONE));
    assertThat(begins()).containsExactly("SKIP p/0");
  }

  @Test
  void skipOfAParticipantThatWasNotAskedIsWrittenAtHome() {
    begin(remote(), SagaState.RUNNING, false);
    tell(decided(Kind.SKIP, "a/0"), new SagaNews.Look());
    assertThat(sends()).isEmpty();
    assertThat(last.awaited())
        .extracting(Decision.Awaited::outcome)
        .containsExactly(Outcome.SKIPPED);
    assertClosed();
  }

  @ParameterizedTest
  @CsvSource({"FENCED, SKIPPED", "REFUSED, SKIPPED", "DONE, DONE"})
  void skipOfAParticipantThatWasAskedFencesFirst(Outcome answer, Outcome outcome) {
    begin(remote(), SagaState.RUNNING, false);
    tell(new SagaNews.Look());
    tell(new SagaNews.Look());
    tell(decided(Kind.SKIP, "a/0"), new SagaNews.Look());
    assertThat(sends()).containsExactly("FENCE a/0");
    tell(new SagaNews.Look());

    tell(answer("a/0", answer, 2));

    assertThat(step("a/0").outcome()).isEqualTo(outcome);
    assertThat(state.phase()).isEqualTo(SagaState.RUNNING);
    assertClosed();
    if (outcome == Outcome.SKIPPED) {
      assertThat(last.write()).isEqualTo(Write.FIRST);
      assertThat(step("a/0").result()).isEqualTo("instead");
    }
  }

  @Test
  void skipReplacesARefusalPastThePivot() {
    begin(local(), SagaState.RUNNING, true);
    tell(
        row("a/0", Outcome.DONE),
        row("w/0", Outcome.DONE),
        row("p/0", Outcome.DONE),
        row("r/0", Outcome.REFUSED));
    assertThat(step("r/0").trouble()).isNotNull();
    tell(decided(Kind.SKIP, "r/0"), new SagaNews.Look());
    assertThat(begins()).containsExactly("SKIP r/0");
    tell(row("r/0", Outcome.SKIPPED));
    assertThat(state.phase()).isEqualTo(SagaState.COMPLETED);
    assertThat(state.trouble()).isNull();
  }

  @ParameterizedTest
  @CsvSource({"CLOSING, SKIP", "COMPENSATING, SKIP", "RUNNING, RESOLVE", "CLOSING, RESOLVE"})
  void decisionsThatCameTooLateAreGivenUp(SagaState phase, Kind kind) {
    begin(local(), phase, false);
    tell(new SagaNews.Look());
    List<String> before = begins();
    tell(decided(kind, "a/0"), new SagaNews.Look());
    assertClosed();
    assertThat(begins()).doesNotContain("SKIP a/0", "RESOLVE a/0");
    assertThat(before).isNotNull();
  }

  @Test
  void whatWasSkippedIsNeverUndone() {
    begin(local(), SagaState.RUNNING, false);
    tell(row("a/0", Outcome.SKIPPED));
    tell(new SagaNews.Cancelled(8, "no more"));
    tell(new SagaNews.Look());
    assertThat(state.phase()).isEqualTo(SagaState.COMPENSATING);
    tell(new SagaNews.Look());
    assertThat(begins()).isEmpty();
    assertThat(state.phase()).isEqualTo(SagaState.COMPENSATED);
  }

  // ---- resolve

  @Test
  void resolveTakesTheCompensationsPlace() {
    begin(local(), SagaState.COMPENSATING, false);
    tell(row("a/0", Outcome.DONE), new SagaNews.Look());
    fail("a/0", Work.UNDO);
    tell(decided(Kind.RESOLVE, "a/0"), new SagaNews.Look());
    assertThat(begins()).containsExactly("RESOLVE a/0");
    tell(new SagaNews.Undone(StepKey.parse("a/0")));
    assertThat(state.phase()).isEqualTo(SagaState.COMPENSATED);
    assertThat(last.taken()).contains((long) POSITION);
  }

  @Test
  void resolveWaitsUntilANewOwnerKnowsWhatThereIsToUndo() {
    begin(local(), SagaState.COMPENSATING, false);
    tell(decided(Kind.RESOLVE, "a/0"), new SagaNews.Look());
    assertThat(begins()).containsExactly("FENCE a/0");
    assertThat(last.taken()).isEmpty();
    tell(row("a/0", Outcome.DONE));
    assertThat(begins()).containsExactly("RESOLVE a/0");
  }

  @Test
  void resolveOfAParticipantIsKnownAtHome() {
    begin(remote(), SagaState.COMPENSATING, false);
    tell(row("a/0", Outcome.DONE), row("h/0", Outcome.FENCED), new SagaNews.Look());
    assertThat(sends()).containsExactly("UNDO a/0");
    tell(new SagaNews.Look());
    tell(decided(Kind.RESOLVE, "a/0"), new SagaNews.Look());
    assertThat(step("a/0").undone()).isTrue();
    assertThat(state.phase()).isEqualTo(SagaState.COMPENSATED);
    assertClosed();
  }
}
