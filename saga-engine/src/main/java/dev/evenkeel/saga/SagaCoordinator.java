package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.saga.Decision.Awaited;
import dev.evenkeel.saga.Decision.Effect;
import dev.evenkeel.saga.Decision.Send;
import dev.evenkeel.saga.Decision.Write;
import dev.evenkeel.saga.InstanceState.InputException;
import dev.evenkeel.saga.InstanceState.Signal;
import dev.evenkeel.saga.SagaFailure.Reason;
import dev.evenkeel.saga.SagaNews.Failed;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.AwaitStep;
import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides what an instance does next: a pure function of its state, a piece of news and the time.
 * It performs nothing and remembers nothing; an owner that starts from the rows alone reaches the
 * same end.
 *
 * <ul>
 *   <li>Absence is never proved by reading: turning back inserts a fence for each step that could
 *       still begin, and takes what it finds instead.
 *   <li>Nothing is undone before every step up to the pivot has a final outcome or can't start
 *       anywhere: a step that lies behind something fenced, refused or pending needs no row.
 *   <li>What exists only at home (direction, outcomes of awaits, what participants were asked, the
 *       end) is written before anything follows from it; outcomes of steps are not, because their
 *       rows, or the stored answers, tell them again.
 *   <li>Only the owner's write can ask a participant: what was not asked needs no fence.
 * </ul>
 */
final class SagaCoordinator {

  private static final RetryPolicy OUTAGE =
      new RetryPolicy(1, Duration.ofMillis(200), Duration.ofSeconds(30), List.of());
  private static final RetryPolicy CONTENTION =
      new RetryPolicy(1, Duration.ofMillis(20), Duration.ofSeconds(1), List.of());

  private static final RetryPolicy LOCKED =
      new RetryPolicy(1, Duration.ofMillis(50), Duration.ofSeconds(1), List.of());

  /** Every so many failures by contention count as one attempt. */
  private static final int CONTENTIONS_PER_ATTEMPT = 10;

  private static final int JITTER_PERCENT = 20;

  /** Commands are not lost; one is sent again in case that somebody has lost it all the same. */
  private static final RetryPolicy SILENCE =
      new RetryPolicy(1, Duration.ofSeconds(10), Duration.ofMinutes(5), List.of());

  /** An alarm, and nothing more: silence is no failed attempt. */
  private static final int MOST_SILENCES = 5;

  private final PayloadCodec codec;
  private final int stuckAfter;

  /**
   * Makes a coordinator.
   *
   * @param codec reads awaited events
   * @param stuckAfter attempts after which a step that can't be given up marks its saga
   */
  SagaCoordinator(PayloadCodec codec, int stuckAfter) {
    this.codec = codec;
    this.stuckAfter = stuckAfter;
  }

  /** Decides, once all of the news are known. */
  Decision decide(InstanceState before, List<SagaNews> news, Instant now) {
    Turn turn = new Turn(before, now);
    news.forEach(turn::learn);
    turn.isOnlyLooking = news.stream().allMatch(SagaNews.Look.class::isInstance);
    turn.advance();
    return turn.decision();
  }

  /** What rows tell, without deciding anything yet: other rows may change what follows. */
  InstanceState learn(InstanceState before, List<SagaNews> rows, Instant now) {
    Turn turn = new Turn(before, now);
    rows.forEach(turn::learn);
    return turn.decision().state();
  }

  /** One decision in the making. */
  private final class Turn {

    private final Instant now;
    private final SagaDefinition definition;
    private InstanceState state;
    private final Map<StepKey, StepState> steps;
    private final List<Effect> effects = new ArrayList<>();
    private final Map<StepKey, Send> sends = new LinkedHashMap<>();
    private final Map<StepKey, StepState> unsent = new HashMap<>();
    private final List<Awaited> awaited = new ArrayList<>();
    private final List<Long> taken = new ArrayList<>();
    private Write write = Write.NONE;
    private boolean unlessNews;
    private boolean isOnlyLooking;
    private @Nullable Instant lookAt;

    Turn(InstanceState state, Instant now) {
      this.state = state;
      this.now = now;
      this.definition = state.definition();
      this.steps = new HashMap<>(state.steps());
    }

    Decision decision() {
      return new Decision(
          state.with(steps),
          List.copyOf(effects),
          List.copyOf(sends.values()),
          sends.isEmpty() ? write : Write.FIRST,
          unlessNews,
          awaited,
          taken,
          lookAt);
    }

    // ---- what is new

    void learn(SagaNews news) {
      if (state.phase().isEnded()) {
        return;
      }
      if (news instanceof SagaNews.Ended ended) {
        learn(ended);
      } else if (news instanceof SagaNews.Undone undone) {
        steps.put(undone.key(), step(undone.key()).whenUndone());
        writeLater();
      } else if (news instanceof Failed failed) {
        learn(failed);
      } else if (news instanceof SagaNews.Handed handed) {
        learn(handed);
      } else if (news instanceof SagaNews.Answered answered) {
        taken.add(answered.position());
        writeLater();
        if (isExpected(answered)) {
          learn(answered.what());
        }
      } else if (news instanceof SagaNews.Signalled signalled) {
        List<Signal> signals = new ArrayList<>(state.signals());
        signals.add(signalled.signal());
        state = state.withSignals(signals);
      } else if (news instanceof SagaNews.Cancelled cancelled) {
        taken.add(cancelled.position());
        writeLater();
        if (isTurnable()) {
          turnBack(new SagaFailure(Reason.CANCELLED, null, "", cancelled.reason()));
        }
      } else if (news instanceof SagaNews.Decided decided) {
        learn(decided);
      }
    }

    /** A decision about a step stays until the step has an outcome: its event, and this. */
    private void learn(SagaNews.Decided decided) {
      StepKey key = decided.key();
      boolean isKept = false;
      if (decided.what().kind() == SagaAction.Kind.RETRY) {
        steps.replaceAll((of, known) -> known.hurried());
      } else if (definition.find(key.step()) != null && !state.decided().containsKey(key)) {
        StepState known = step(key);
        if (decided.what().kind() == SagaAction.Kind.RESOLVE
            && state.phase() == SagaState.COMPENSATING
            && known.isUndoable()
            && state.isRemote(definition.step(key.step()))) {
          steps.put(key, known.whenUndone()); // what says so exists only at home
        } else {
          Map<StepKey, SagaNews.Decided> all = new HashMap<>(state.decided());
          all.put(key, decided);
          state = state.withDecided(all);
          steps.put(key, known.hurried());
          isKept = true;
        }
      }
      if (!isKept) {
        taken.add(decided.position());
        writeLater();
      }
    }

    /** Gives up decisions that are carried out, or came too late. */
    private void settle() {
      if (state.decided().isEmpty() || state.phase().isEnded()) {
        return;
      }
      state.decided().values().stream().filter(d -> !isOpen(d)).forEach(this::close);
    }

    private boolean isOpen(SagaNews.Decided decided) {
      StepState known = step(decided.key());
      if (decided.what().kind() == SagaAction.Kind.RESOLVE) {
        // A new owner has to find out first what there is to undo.
        return state.phase() == SagaState.COMPENSATING
            && (known.outcome() == null || known.isUndoable());
      }
      Outcome outcome = known.outcome();
      return state.phase() == SagaState.RUNNING
          && (outcome == null || (isRefusal(outcome) && !isTurnable()));
    }

    private void close(SagaNews.Decided decided) {
      Map<StepKey, SagaNews.Decided> open = new HashMap<>(state.decided());
      open.remove(decided.key());
      state = state.withDecided(open);
      taken.add(decided.position());
      writeLater();
    }

    /** Nothing has happened, and nothing will. */
    private static boolean isRefusal(Outcome outcome) {
      return outcome == Outcome.REFUSED || outcome == Outcome.FENCED;
    }

    /** What an operator wants skipped; null for nothing. */
    private SagaNews.@Nullable Decided skip(StepKey key) {
      SagaNews.Decided decided = state.decided().get(key);
      return decided != null
              && decided.what().kind() == SagaAction.Kind.SKIP
              && state.phase() == SagaState.RUNNING
          ? decided
          : null;
    }

    /**
     * Where the step would be carried out the row decides; a participant elsewhere that was asked
     * is fenced first, and of one that was not, and of an await, only the owner knows.
     */
    private void skip(StepDefinition step, StepKey key, SagaNews.Decided decided) {
      if (!(step instanceof ActionStep action)) {
        skipAtHome(key, decided);
      } else if (!state.isRemote(action)) {
        begin(key, Work.SKIP);
      } else if (isUnsent(action, key) || step(key).outcome() != null) {
        skipAtHome(key, decided);
      } else {
        begin(key, Work.FENCE);
      }
    }

    private void skipAtHome(StepKey key, SagaNews.Decided decided) {
      byte[] result = decided.what().result();
      steps.put(key, step(key).ended(Outcome.SKIPPED, decided.result(), now));
      awaited.add(
          new Awaited(
              key,
              Outcome.SKIPPED,
              result == null ? null : new Signal(decided.position(), "", result)));
      close(decided);
      writeFirst();
    }

    private void learn(SagaNews.Ended ended) {
      StepState known = step(ended.key());
      if (known.outcome() != null
          && !(ended.outcome() == Outcome.SKIPPED && isRefusal(known.outcome()))) {
        return; // the first committed outcome is final, and here it comes a second time
      }
      SagaNews.Decided skip = skip(ended.key());
      if (skip != null
          && isRefusal(ended.outcome())
          && state.isRemote(definition.step(ended.key().step()))) {
        skipAtHome(ended.key(), skip); // it was fenced for that
        return;
      }
      Object result = ended.outcome() == Outcome.REFUSED ? ended.failure() : ended.result();
      steps.put(ended.key(), known.ended(ended.outcome(), result, ended.at()));
      writeLater();
    }

    private void learn(SagaNews.Handed handed) {
      StepState known = step(handed.key());
      if (known.work() == handed.work()) {
        steps.put(handed.key(), known.asking(handed.work(), handed.againAt()));
      } else if (known.isAsked(handed.work())) {
        steps.put(handed.key(), known.waiting(handed.againAt()));
      }
    }

    /**
     * Success and refusal count whatever they answer, for they are what the participant has stored.
     * A failure counts only as the answer to what was asked last. What was never asked is a
     * forgery.
     */
    private boolean isExpected(SagaNews.Answered answered) {
      StepKey key = answered.key();
      StepState known = step(key);
      StepDefinition step = definition.find(key.step());
      if (step == null || !state.isRemote(step) || known.asked().sendings() == 0) {
        return false;
      }
      if (answered.what() instanceof SagaNews.Undone) {
        return known.isUndoable() && state.phase() == SagaState.COMPENSATING;
      }
      return answered.what() instanceof SagaNews.Ended
          || answered.sending() == known.asked().sendings();
    }

    private void learn(Failed failed) {
      StepState known = step(failed.key());
      if (known.work() != failed.work() && !known.isAsked(failed.work())) {
        return; // of a direction that was left meanwhile
      }
      RetryPolicy retry = ((ActionStep) definition.step(failed.key().step())).retry();
      int tries = known.tries() + 1;
      boolean counts = counts(failed.kind(), tries);
      int attempts = known.attempts() + (counts ? 1 : 0);
      if (failed.kind() == Failed.Kind.INPUT
          && (failed.work() == Work.FENCE || failed.work() == Work.SKIP)) {
        // Nobody can compute it, so it can't begin anywhere: that is as good as a row.
        SagaNews.Decided skip = skip(failed.key());
        if (skip != null) {
          skipAtHome(failed.key(), skip);
        } else {
          steps.put(failed.key(), known.ended(Outcome.FENCED, null, now));
        }
        return;
      }
      boolean canTurn = failed.work() == Work.FORWARD && isTurnable();
      boolean hopeless = failed.kind() == Failed.Kind.INPUT || failed.kind() == Failed.Kind.MISSING;
      boolean isUsedUp =
          counts
              && failed.kind() != Failed.Kind.MISSING // to turn would not find it either
              && attempts >= retry.maxAttempts();
      if (canTurn && (failed.kind() == Failed.Kind.INPUT || isUsedUp)) {
        StepState given = known.failed(attempts, now, null);
        // What can't be computed can't have been sent.
        steps.put(failed.key(), failed.kind() == Failed.Kind.INPUT ? given.unasked() : given);
        turnBack(
            new SagaFailure(
                Reason.ATTEMPTS_EXHAUSTED, failed.key().step(), failed.type(), failed.message()));
        return;
      }
      boolean stuck =
          failed.kind() == Failed.Kind.MISSING
              || (!canTurn && (hopeless || (counts && attempts >= stuckAfter)));
      String trouble =
          stuck
              ? "%s of step \"%s\" failed %d times: %s"
                  .formatted(describe(failed.work()), failed.key(), attempts, failed.message())
              : known.asked().silences() > 0 ? null : known.trouble();
      steps.put(
          failed.key(),
          known.failed(attempts, now.plus(wait(failed, retry, attempts, tries)), trouble));
      if (failed.kind() != Failed.Kind.LOCKED) { // whom it waits for is written, not how often
        writeLater();
      }
    }

    /** What would have begun beside it is not under way: it begins after the write. */
    private void writeFirst() {
      effects.forEach(e -> steps.put(e.key(), step(e.key()).working(Work.NONE)));
      effects.clear();
      write = Write.FIRST;
    }

    private void writeLater() {
      if (write == Write.NONE) {
        write = Write.LATER;
      }
    }

    private boolean counts(Failed.Kind kind, int tries) {
      return switch (kind) {
        case OUTAGE, LOCKED -> false;
        case CONTENTION -> tries % CONTENTIONS_PER_ATTEMPT == 0;
        default -> true;
      };
    }

    private Duration wait(Failed failed, RetryPolicy retry, int attempts, int tries) {
      Duration wait =
          switch (failed.kind()) {
            case OUTAGE -> OUTAGE.backoffAfter(tries);
            case CONTENTION -> CONTENTION.backoffAfter(tries);
            case LOCKED -> LOCKED.backoffAfter(tries);
            case INPUT, MISSING -> retry.maxBackoff();
            case ERROR -> retry.backoffAfter(attempts);
          };
      // Spread by what the step is, not by chance: a pure function can be repeated.
      int spread =
          Math.floorMod(
              (state.id().hashCode() * 31 + failed.key().hashCode()) * 31 + tries,
              2 * JITTER_PERCENT + 1);
      return wait.multipliedBy(100 - JITTER_PERCENT + spread).dividedBy(100);
    }

    private static String describe(Work work) {
      return switch (work) {
        case FENCE -> "Fencing";
        case SKIP -> "Skipping";
        case RESOLVE -> "Resolving";
        case UNDO -> "Compensation";
        default -> "Attempts";
      };
    }

    // ---- what follows

    void advance() {
      settle();
      if (write == Write.FIRST) {
        return; // first the turn is written
      }
      state = state.with(steps);
      switch (state.phase()) {
        case RUNNING -> run();
        case CLOSING -> {
          if (isEverythingFinal()) {
            endClosing();
          }
        }
        case COMPENSATING -> {
          // A new owner has to find out first what there is to undo.
          if (isEverythingFinal()) {
            undo();
          }
        }
        case COMPLETED, COMPENSATED -> {}
      }
    }

    private void run() {
      if (state.deadlineAt() != null && isTurnable()) {
        if (isOver(state.deadlineAt())) {
          turnBack(
              new SagaFailure(
                  Reason.DEADLINE, null, "", "The deadline was at " + state.deadlineAt()));
          return;
        }
      }
      Set<String> done = new HashSet<>();
      for (StepDefinition step : definition.steps()) {
        if (!done.containsAll(step.after())) {
          continue; // unwanted ones too: what comes after them comes after all before them
        }
        boolean isDone =
            !step.isWanted(state.command())
                || (step instanceof AwaitStep await ? await(await) : run((ActionStep) step));
        if (write == Write.FIRST) {
          return;
        }
        if (isDone) {
          done.add(step.name());
        }
      }
      if (done.size() == definition.steps().size()) {
        enter(SagaState.COMPLETED, state.forwardOnly(), null);
      }
    }

    /** Begins what can begin; whether every item is done. */
    private boolean run(ActionStep step) {
      int items;
      try {
        items = state.itemCount(step);
      } catch (InputException e) {
        return isSkippedAsAWhole(step) || inputFailed(step, e);
      }
      boolean all = true;
      for (int item = 0; item < items; item++) {
        StepKey key = new StepKey(step.name(), item);
        Outcome outcome = step(key).outcome();
        all &= outcome != null && outcome.lets();
        SagaNews.Decided skip = skip(key);
        if (skip != null) {
          skip(step, key, skip);
        } else if (outcome == null) {
          begin(key, Work.FORWARD);
        } else if (!outcome.lets() && isTurnable()) {
          refused(key);
          return false;
        } else if (!outcome.lets()) {
          refusedTooLate(key);
        }
      }
      return all;
    }

    /** Nothing turns back any more, and nobody can make it happen: an operator has to decide. */
    private void refusedTooLate(StepKey key) {
      StepState known = step(key);
      if (known.trouble() == null) {
        String why =
            known.result() instanceof SagaFailure failure ? failure.message() : "it did not happen";
        steps.put(
            key, known.troubled("Step \"%s\" was refused after the pivot: %s".formatted(key, why)));
        writeLater();
      }
    }

    private void refused(StepKey key) {
      turnBack(
          step(key).result() instanceof SagaFailure failure
              ? failure
              : new SagaFailure(
                  Reason.REFUSED, key.step(), "", "It was fenced by an earlier owner"));
    }

    /** Where nobody can say how many items there are, an operator speaks of the first for all. */
    private boolean isSkippedAsAWhole(ActionStep step) {
      StepKey key = new StepKey(step.name(), 0);
      SagaNews.Decided skip = isTurnable() ? null : skip(key);
      if (skip != null) {
        skipAtHome(key, skip);
      }
      return step(key).outcome() == Outcome.SKIPPED;
    }

    /** Never done. */
    private boolean inputFailed(ActionStep step, InputException e) {
      if (isTurnable()) {
        turnBack(
            new SagaFailure(Reason.ATTEMPTS_EXHAUSTED, step.name(), "", FailureText.messageOf(e)));
        return false;
      }
      StepKey key = new StepKey(step.name(), 0);
      if (step(key).trouble() == null) {
        steps.put(key, step(key).failed(1, now, FailureText.messageOf(e)));
        writeLater();
      }
      lookAt(now.plus(step.retry().maxBackoff()));
      return false;
    }

    private boolean await(AwaitStep step) {
      StepKey key = new StepKey(step.name(), 0);
      Outcome outcome = step(key).outcome();
      if (outcome != null) {
        return outcome.lets();
      }
      SagaNews.Decided skip = skip(key);
      if (skip != null) {
        skip(step, key, skip);
        return false;
      }
      for (Signal signal : state.signals()) {
        if (signal.type().equals(step.eventType())) {
          take(key, step, signal);
          return false;
        }
      }
      if (step.timeout() != null) {
        Instant due = begun(step).plus(step.timeout());
        if (isOver(due)) {
          timeOut(key, step);
        }
      }
      return false;
    }

    private void take(StepKey key, AwaitStep step, Signal signal) {
      Object event = codec.decode(signal.payload(), step.resultType());
      steps.put(key, step(key).ended(Outcome.DONE, event, now));
      state =
          state.withSignals(
              state.signals().stream().filter(s -> s.position() != signal.position()).toList());
      awaited.add(new Awaited(key, Outcome.DONE, signal));
      taken.add(signal.position());
      writeFirst();
    }

    private void timeOut(StepKey key, AwaitStep step) {
      if (step.onTimeout() == OnTimeout.CONTINUE || !isTurnable()) {
        steps.put(key, step(key).ended(Outcome.DONE, null, now));
        awaited.add(new Awaited(key, Outcome.DONE, null));
        writeFirst();
        return;
      }
      SagaFailure failure =
          new SagaFailure(
              Reason.TIMEOUT,
              step.name(),
              "",
              "No %s came within %s".formatted(step.eventType(), step.timeout()));
      steps.put(key, step(key).ended(Outcome.REFUSED, null, now));
      awaited.add(new Awaited(key, Outcome.REFUSED, null));
      turnBack(failure);
    }

    /** When the last of its ancestors was done: from rows, so that every owner finds the same. */
    private Instant begun(AwaitStep step) {
      Instant begun = state.createdAt();
      for (Map.Entry<StepKey, StepState> entry : steps.entrySet()) {
        Instant at = entry.getValue().recordedAt();
        if (at != null && at.isAfter(begun) && step.ancestors().contains(entry.getKey().step())) {
          begun = at;
        }
      }
      return begun;
    }

    /** Up to the pivot, or all of them: what has to be final before anything is undone. */
    private boolean isBeforeNoReturn(StepDefinition step) {
      ActionStep pivot = definition.pivot();
      return pivot == null
          || step.name().equals(pivot.name())
          || pivot.ancestors().contains(step.name());
    }

    /**
     * Walks the graph in topological order and fences what could still begin; whether nothing could
     * any more.
     */
    private boolean isEverythingFinal() {
      boolean isFinal = true;
      Set<String> passable = new HashSet<>();
      for (StepDefinition step : definition.steps()) {
        if (!isBeforeNoReturn(step)) {
          continue;
        }
        if (!passable.containsAll(step.after())) {
          continue; // can't start anywhere, so it needs no row
        }
        if (!step.isWanted(state.command())) {
          passable.add(step.name());
          continue;
        }
        if (step instanceof AwaitStep) {
          Outcome outcome = step(new StepKey(step.name(), 0)).outcome();
          if (outcome != null && outcome.lets()) { // committed at home before the turn
            passable.add(step.name());
          }
          continue;
        }
        boolean lets = true;
        for (StepKey key : keys((ActionStep) step)) {
          Outcome outcome = step(key).outcome();
          if (outcome == null && !isUnsent((ActionStep) step, key)) {
            isFinal = false;
            begin(key, Work.FENCE);
          }
          lets &= outcome != null && outcome.lets();
        }
        if (lets && isInputKnown((ActionStep) step)) {
          passable.add(step.name());
        }
      }
      return isFinal;
    }

    /** A participant that was asked nothing can do nothing: asking takes the owner's write. */
    private boolean isUnsent(ActionStep step, StepKey key) {
      return state.isRemote(step) && step(key).asked().sendings() == 0;
    }

    /** None where the items can't be computed: then it can't start anywhere. */
    private List<StepKey> keys(ActionStep step) {
      if (!isInputKnown(step)) {
        return List.of();
      }
      List<StepKey> keys = new ArrayList<>();
      int count = state.itemCount(step);
      for (int item = 0; item < count; item++) {
        keys.add(new StepKey(step.name(), item));
      }
      return keys;
    }

    private boolean isInputKnown(ActionStep step) {
      try {
        return state.itemCount(step) >= 0;
      } catch (InputException e) {
        return false;
      }
    }

    private void endClosing() {
      ActionStep pivot = definition.pivot();
      Outcome outcome = pivot == null ? null : step(new StepKey(pivot.name(), 0)).outcome();
      if (outcome != null && outcome.lets()) {
        enter(SagaState.RUNNING, true, null);
      } else {
        enter(SagaState.COMPENSATING, false, state.failure());
      }
    }

    /** Against the graph: a step is undone when everything that came after it is. */
    private void undo() {
      Set<StepKey> resolved = new HashSet<>(state.decided().keySet());
      resolved.removeIf(
          key -> !step(key).isUndoable() || state.isRemote(definition.step(key.step())));
      resolved.forEach(key -> begin(key, Work.RESOLVE));
      List<StepDefinition> reversed = new ArrayList<>(definition.steps());
      java.util.Collections.reverse(reversed);
      Set<String> standing = new HashSet<>();
      for (StepDefinition step : reversed) {
        boolean held =
            definition.steps().stream()
                .anyMatch(s -> s.after().contains(step.name()) && standing.contains(s.name()));
        boolean clear = !held;
        if (step instanceof ActionStep action && action.compensation() != null) {
          for (Map.Entry<StepKey, StepState> entry : List.copyOf(steps.entrySet())) {
            StepState of = entry.getValue();
            if (entry.getKey().step().equals(step.name()) && of.isUndoable()) {
              clear = false;
              if (!held && !resolved.contains(entry.getKey())) {
                begin(entry.getKey(), Work.UNDO);
              }
            }
          }
        }
        if (!clear) {
          standing.add(step.name());
        }
      }
      if (standing.isEmpty()) {
        enter(SagaState.COMPENSATED, false, state.failure());
      }
    }

    // ---- parts

    /**
     * Whether a time is over, and nothing else is new: what follows is refused and taken back if an
     * event was stored before it, read or not, and then nothing may be lost with it.
     */
    private boolean isOver(Instant due) {
      if (due.isAfter(now)) {
        lookAt(due);
        return false;
      }
      if (!isOnlyLooking) {
        lookAt(now);
        return false;
      }
      unlessNews = true;
      return true;
    }

    private StepState step(StepKey key) {
      return steps.getOrDefault(key, StepState.UNTOUCHED);
    }

    private void begin(StepKey key, Work work) {
      StepState known = step(key);
      if (known.work() == work) {
        return;
      }
      if (known.isAsked(work) && known.asked().againAt().isAfter(now)) {
        lookAt(known.asked().againAt());
        return;
      }
      if (known.work() == Work.NONE && !known.isDue(now)) {
        lookAt(java.util.Objects.requireNonNull(known.notBefore()));
        return;
      }
      if (state.isRemote(definition.step(key.step()))) {
        send(key, known, work);
        return;
      }
      steps.put(key, known.working(work));
      effects.add(new Effect(key, work, known.attempts() + 1, known.tries() > 0));
    }

    private void send(StepKey key, StepState known, Work work) {
      int sending = known.asked().sendings() + 1;
      Instant againAt = now.plus(SILENCE.backoffAfter(sending));
      unsent.put(key, known);
      StepState asking = known.asking(work, againAt);
      if (asking.asked().silences() >= MOST_SILENCES && asking.trouble() == null) {
        asking =
            asking.troubled(
                "Nobody has answered what was asked %d times of step \"%s\""
                    .formatted(asking.asked().silences(), key));
      }
      steps.put(key, asking);
      sends.put(key, new Send(key, work, sending, againAt));
      lookAt(againAt);
    }

    private void lookAt(Instant at) {
      if (lookAt == null || at.isBefore(lookAt)) {
        lookAt = at;
      }
    }

    private boolean isTurnable() {
      return state.phase() == SagaState.RUNNING && !state.with(steps).isPastPivot();
    }

    private void turnBack(SagaFailure failure) {
      enter(SagaState.CLOSING, false, failure);
    }

    private void enter(SagaState next, boolean forwardOnly, @Nullable SagaFailure failure) {
      steps.putAll(unsent); // in the other direction it is decided anew what to ask
      unsent.clear();
      sends.clear();
      state = state.with(steps).enter(next, forwardOnly, failure);
      steps.clear();
      steps.putAll(state.steps());
      effects.clear();
      write = Write.FIRST;
    }
  }
}
