package dev.evenkeel.saga;

import dev.evenkeel.saga.ModelRules.Call;
import dev.evenkeel.saga.SagaNews.Failed;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What goes on in an owner's memory: the real coordinator, and what the engine notes beside it.
 * Pure functions, so each answer is kept; times, texts and numbers that nothing depends on are made
 * alike, so that equal states are equal.
 */
final class TwoNodesMind {

  private static final Instant BACKOFF = TwoNodes.START.plusSeconds(1);
  private static final Instant AGAIN = TwoNodes.START.plusSeconds(5);
  private static final Instant OVER = TwoNodes.START.minus(Duration.ofDays(1));
  private static final Instant FAR = TwoNodes.START.plus(Duration.ofDays(30));
  private static final int STUCK_AFTER = 2;

  /** A state, and a text that is the same for equal ones. */
  record Known(InstanceState state, String key) {}

  /** What the coordinator is asked. */
  private record Question(String key, List<SagaNews> news, Instant now, boolean isOverdue) {}

  /**
   * What it says.
   *
   * @param taken events that are used up, a bit for each
   * @param answers of participants that are to be stored, each a step and an outcome
   */
  record Answer(Decision decision, Known known, int lookAt, int taken, String answers) {}

  private final TwoNodes model;
  private final ModelEngine engine;
  private final SagaDefinition definition;
  private final SagaCoordinator coordinator = new SagaCoordinator(TwoNodesSagas.CODEC, STUCK_AFTER);
  private final Map<Question, Answer> answers = new HashMap<>();
  private final Map<String, Known> claimed = new HashMap<>();

  TwoNodesMind(TwoNodes model, ModelEngine engine) {
    this.model = model;
    this.engine = engine;
    this.definition = engine.definition();
  }

  /** Of the owner that starts it. */
  Known begins() {
    return known(engine.state());
  }

  /** Of an owner that has claimed it. */
  Known adopts(TwoNodesWorld world) {
    StringBuilder code = new StringBuilder();
    code.append((char) (world.phase.ordinal() * 2 + (world.forwardOnly ? 1 : 0)));
    for (Call call : world.calls) {
      code.append(call);
    }
    return claimed.computeIfAbsent(code.toString(), c -> adopted(world));
  }

  private Known known(InstanceState state) {
    InstanceState plain = plain(state);
    return new Known(plain, key(plain));
  }

  /** As the engine adopts it: outcomes first, then what was asked. */
  private Known adopted(TwoNodesWorld world) {
    InstanceState state =
        new InstanceState(
            definition,
            TwoNodes.ID,
            engine.state().command(),
            TwoNodes.START,
            FAR,
            world.phase,
            world.forwardOnly,
            null,
            Set.of(),
            Map.of(),
            List.of());
    List<CallTable.Row> asked = new ArrayList<>();
    List<SagaNews> news = new ArrayList<>();
    for (int i = 0; i < model.size(); i++) {
      Call call = world.calls[i];
      if (call.verb() != null) {
        CallTable.Row row = row(model.key(i), call);
        asked.add(row);
        news.addAll(engine.runner().news(state, row));
      }
    }
    state = coordinator.learn(state, news, TwoNodes.START);
    return known(new Calls(null, engine.codec()).resume(state, asked));
  }

  private static CallTable.Row row(StepKey key, Call call) {
    return new CallTable.Row(
        TwoNodes.ID,
        key,
        new CallTable.Order("desk", "Reserve", new byte[0]),
        call.verb(),
        call.sendings(),
        call.failedSending(),
        AGAIN,
        call.outcome(),
        null,
        call.undone(),
        call.outcome() == null ? null : TwoNodes.START);
  }

  /** Whatever made it turn back, nothing depends on it any more. */
  Known forgetsWhy(InstanceState state) {
    return known(
        new InstanceState(
            definition,
            TwoNodes.ID,
            state.command(),
            TwoNodes.START,
            FAR,
            state.phase(),
            state.forwardOnly(),
            null,
            Set.of(),
            state.steps(),
            List.of()));
  }

  /** A stored answer as news. */
  SagaNews reads(SagaReply reply, int position) {
    SagaNews.Answered answered = reply.news(position, definition, engine.codec(), TwoNodes.START);
    SagaNews what = answered.what();
    if (what instanceof SagaNews.Ended ended) {
      what =
          new SagaNews.Ended(
              ended.key(),
              ended.outcome(),
              null,
              ModelEngine.plain(ended.failure()),
              TwoNodes.START);
    } else if (what instanceof Failed failed) {
      what = new Failed(failed.key(), failed.work(), failed.kind(), "", "");
    }
    return new SagaNews.Answered(position, answered.sending(), what, null);
  }

  /** Of the coordinator. */
  Answer decides(
      String key, InstanceState before, List<SagaNews> news, Instant now, boolean isOverdue) {
    return answers.computeIfAbsent(
        new Question(key, news, now, isOverdue), question -> answer(before, question));
  }

  private Answer answer(InstanceState before, Question question) {
    InstanceState asked =
        new InstanceState(
            definition,
            TwoNodes.ID,
            before.command(),
            TwoNodes.START,
            question.isOverdue() ? OVER : FAR,
            before.phase(),
            before.forwardOnly(),
            before.failure(),
            Set.of(),
            before.steps(),
            List.of());
    Decision decision = coordinator.decide(asked, question.news(), question.now());
    Calls calls = new Calls(null, engine.codec());
    List<CallTable.Row> known = new ArrayList<>();
    before
        .steps()
        .forEach(
            (key, step) -> {
              if (step.asked().sendings() > 0) {
                known.add(row(key, new Call(SagaVerb.EXECUTE, 1, 0, null, false)));
              }
            });
    calls.resume(before, known);
    question.news().forEach(news -> calls.note(news, decision.state(), question.now()));
    StringBuilder answers = new StringBuilder();
    calls
        .answers()
        .forEach(a -> answers.append((char) (model.number(a.key()) * 8 + a.outcome().ordinal())));
    int taken = 0;
    for (long position : decision.taken()) {
      taken |= 1 << (int) position;
    }
    Instant look = decision.lookAt();
    int lookAt =
        look == null
            ? TwoNodesWorld.NEVER
            : look.isAfter(TwoNodes.START.plus(Duration.ofDays(1)))
                ? TwoNodesWorld.DEADLINE
                : TwoNodesWorld.SOON;
    return new Answer(decision, known(decision.state()), lookAt, taken, answers.toString());
  }

  /** Only what decisions depend on, so that worlds that are alike are equal. */
  private InstanceState plain(InstanceState state) {
    Map<StepKey, StepState> steps = new HashMap<>();
    state
        .steps()
        .forEach(
            (key, s) -> {
              StepState.Asked asked = s.asked();
              StepState plain =
                  new StepState(
                      s.work(),
                      s.outcome(),
                      s.outcome() == Outcome.REFUSED && s.result() instanceof SagaFailure failure
                          ? ModelEngine.plain(failure)
                          : null,
                      s.outcome() == null ? null : TwoNodes.START,
                      s.undone(),
                      Math.min(s.attempts(), STUCK_AFTER),
                      Math.min(s.tries(), 1),
                      s.notBefore() == null ? null : BACKOFF,
                      s.trouble() == null ? null : "trouble",
                      new StepState.Asked(
                          asked.what(),
                          asked.sendings(),
                          asked.what() == Work.NONE ? Instant.EPOCH : AGAIN,
                          asked.silences()));
              if (!plain.equals(StepState.UNTOUCHED)) {
                steps.put(key, plain);
              }
            });
    return new InstanceState(
        definition,
        TwoNodes.ID,
        state.command(),
        TwoNodes.START,
        FAR,
        state.phase(),
        state.forwardOnly(),
        ModelEngine.plain(state.failure()),
        Set.of(),
        steps,
        List.of());
  }

  private String key(InstanceState state) {
    StringBuilder key = new StringBuilder();
    key.append((char) (state.phase().ordinal() * 2 + (state.forwardOnly() ? 1 : 0)));
    TwoNodesWorld.append(key, state.failure());
    for (int i = 0; i < model.size(); i++) {
      StepState s = state.step(model.key(i));
      int bits = s.work().ordinal();
      bits = bits * 8 + TwoNodesWorld.outcome(s.outcome());
      bits = bits * 2 + (s.undone() ? 1 : 0);
      bits = bits * 4 + s.attempts();
      bits = bits * 2 + s.tries();
      bits = bits * 2 + (s.notBefore() == null ? 0 : 1);
      bits = bits * 2 + (s.trouble() == null ? 0 : 1);
      bits = bits * 2 + (s.result() == null ? 0 : 1);
      key.append((char) bits);
      bits = s.asked().what().ordinal();
      bits = bits * 32 + s.asked().sendings();
      key.append((char) (bits * 32 + s.asked().silences()));
    }
    return key.toString();
  }
}
