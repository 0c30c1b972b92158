package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.ActionStep;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one instance has asked of participants elsewhere, and which answers are not written yet.
 * Confined to its instance's lock.
 */
final class Calls {

  private final StepPlaces places;
  private final SagaCodec codec;
  private final Map<StepKey, CallTable.Order> orders = new HashMap<>();
  private final List<CallTable.Answer> answers = new ArrayList<>();

  Calls(StepPlaces places, SagaCodec codec) {
    this.places = places;
    this.codec = codec;
  }

  /** What an earlier owner has asked; after what is known of its outcome. */
  InstanceState resume(InstanceState state, List<CallTable.Row> calls) {
    Map<StepKey, StepState> steps = new HashMap<>(state.steps());
    for (CallTable.Row call : calls) {
      orders.put(call.key(), call.order());
      steps.put(call.key(), state.step(call.key()).resumed(call.asked()));
    }
    return state.with(steps);
  }

  /**
   * What is asked now. The command is made once: whatever is asked later carries the same.
   *
   * @throws InstanceState.InputException if the command can't be made
   */
  CallTable.Sending sending(InstanceState state, Decision.Send send) {
    CallTable.Order order = orders.get(send.key());
    if (order == null) {
      ActionStep step = (ActionStep) state.definition().step(send.key().step());
      order = places.order(state, step, send.key());
      orders.put(send.key(), order);
    }
    return new CallTable.Sending(
        send.key(), order, SagaVerb.of(send.work()), send.sending(), send.againAt());
  }

  /** Notes what news change in what was asked, as the coordinator has taken them. */
  void note(SagaNews news, InstanceState state, Instant now) {
    if (news instanceof SagaNews.Decided decided
        && decided.what().kind() == SagaAction.Kind.RESOLVE
        && orders.containsKey(decided.key())
        && state.step(decided.key()).undone()) {
      answers.add(new CallTable.Answer(decided.key(), SagaReply.Outcome.UNDONE, null, now));
    } else if (news instanceof SagaNews.Answered answered && orders.containsKey(answered.key())) {
      note(answered, state.step(answered.key()), now);
    }
  }

  private void note(SagaNews.Answered answered, StepState step, Instant now) {
    StepKey key = answered.key();
    if (answered.what() instanceof SagaNews.Undone && step.undone()) {
      answers.add(new CallTable.Answer(key, SagaReply.Outcome.UNDONE, null, now));
    } else if (answered.what() instanceof SagaNews.Ended ended
        && ended.outcome() == step.outcome()) {
      SagaFailure failure = ended.failure();
      answers.add(
          new CallTable.Answer(
              key,
              SagaReply.Outcome.valueOf(ended.outcome().name()),
              failure == null ? answered.result() : codec.encodeFailure(failure),
              ended.at()));
    } else if (answered.what() instanceof SagaNews.Failed && step.notBefore() != null) {
      answers.add(new CallTable.Answer(key, SagaReply.Outcome.FAILED, null, step.notBefore()));
    }
  }

  /** What is to be written. */
  List<CallTable.Answer> answers() {
    return List.copyOf(answers);
  }

  void written(List<CallTable.Answer> written) {
    answers.removeAll(written);
  }
}
