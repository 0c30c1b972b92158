package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.saga.definition.ActionStep;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Performs steps that call what is not transactional: the call stands between two transactions on
 * the step's shard, of which the first says that it begins and the second what became of it.
 *
 * <ul>
 *   <li>No call is made without a row that says so, so a fence either comes first, or finds it.
 *   <li>A call that failed may have taken effect, so its row stays as it is, and the next attempt
 *       calls again with the same key.
 *   <li>When the saga turns back, the row becomes {@link Outcome#UNKNOWN} once the call can't be
 *       under way any more, and is compensated as what may have taken effect. Not the pivot, of
 *       which it has to be known: that is called until it is.
 * </ul>
 */
final class ExternalRunner {

  /**
   * Time beside the step's own timeout that a call may be under way. Half of it may pass before the
   * call is made, for the commit of its row; longer, and it is not made. The other half is for
   * ending it: the watch looks every 250 ms, and code that is interrupted needs its time to stop.
   */
  static final Duration MARGIN = Duration.ofSeconds(5);

  /** Between two looks at a call that is under way, whatever the clocks say. */
  private static final Duration LEAST_WAIT = Duration.ofMillis(100);

  private final StepRunner runner;
  private final SagaEngine.Context context;
  private final SagaCodec codec;
  private final StepTable table;
  private final Attempts attempts;

  ExternalRunner(
      StepRunner runner,
      SagaEngine.Context context,
      SagaCodec codec,
      StepTable table,
      Attempts attempts) {
    this.runner = runner;
    this.context = context;
    this.codec = codec;
    this.table = table;
    this.attempts = attempts;
  }

  void perform(StepTask task, List<SagaNews> news) throws Exception {
    switch (task.effect().work()) {
      case FORWARD -> forward(task, news);
      case FENCE -> fence(task, news);
      case UNDO -> undo(task, news);
      case SKIP, RESOLVE, NONE ->
          throw new IllegalStateException("Nothing to do for " + task.effect().key());
    }
  }

  private void forward(StepTask task, List<SagaNews> news) throws Exception {
    Instant late = task.run().now().plus(MARGIN.dividedBy(2));
    if (!begin(task)) {
      runner.winner(task, news);
      return;
    }
    if (task.run().now().isAfter(late)) { // the call may count as given up by now
      news.add(
          StepRunner.failed(
              task,
              SagaNews.Failed.Kind.OUTAGE,
              "",
              "Shard \"%s\" took longer than %s to say that the call begins"
                  .formatted(task.shard(), MARGIN.dividedBy(2))));
      return;
    }
    Object result;
    byte[] payload;
    try {
      Object value = call(task, task.code().action(), null);
      payload = codec.encode(value, "The result of step " + task.step().name());
      // As every later owner reads it.
      result = codec.result(payload, task.step().resultType());
    } catch (Exception e) {
      if (task.code().isRefusal().test(e) && FailureKind.of(e) == FailureKind.HANDLER) {
        SagaFailure failure = StepRunner.refusal(task, e);
        end(task, Outcome.REFUSED, null, failure, codec.encodeFailure(failure), news);
        return;
      }
      throw e;
    }
    end(task, Outcome.DONE, result, null, payload, news);
  }

  private void fence(StepTask task, List<SagaNews> news) throws Exception {
    if (runner.insert(task, Outcome.FENCED, null)) {
      news.add(ended(task, Outcome.FENCED, null, null));
    } else if (task.step().kind() == StepKind.PIVOT) {
      forward(task, news); // finds what else there is, if it was not under way
    } else if (giveUp(task)) {
      news.add(ended(task, Outcome.UNKNOWN, null, null));
    } else {
      Optional<Duration> left = left(task);
      if (left.isEmpty()) {
        runner.winner(task, news);
      } else {
        Duration wait = left.get().compareTo(LEAST_WAIT) < 0 ? LEAST_WAIT : left.get();
        news.add(
            new SagaNews.Handed(
                task.effect().key(), task.effect().work(), task.run().now().plus(wait)));
      }
    }
  }

  private void undo(StepTask task, List<SagaNews> news) throws Exception {
    call(task, Objects.requireNonNull(task.code().compensation()), task.instance().failure());
    if (runner.insert(task, Outcome.DONE, null)) {
      news.add(new SagaNews.Undone(task.effect().key()));
    } else {
      runner.winner(task, news);
    }
  }

  /** The application's code, on this thread, in no transaction and with no connection. */
  private @Nullable Object call(StepTask task, ActionStep.Call call, @Nullable SagaFailure failure)
      throws Exception {
    StepInput input = new StepInput(task.instance(), task.step(), task.effect().key(), failure);
    CurrentSaga.enter(task.run().headers());
    try (Attempts.Attempt attempt =
        attempts.begin(task, context.shards().dataSource(task.shard()))) {
      attempt.outsideTransaction();
      try {
        return call.call(input);
      } catch (Exception e) {
        throw attempt.isOverdue() ? StepRunner.overdue(task) : e;
      }
    } finally {
      CurrentSaga.leave();
    }
  }

  // ---- rows

  private boolean begin(StepTask task) {
    return inTransaction(
        task,
        "Beginning the call of step ",
        c ->
            table.begin(
                c,
                runner.row(task, Outcome.STARTED, null),
                task.step().timeout().plus(MARGIN),
                task.run().clock().ahead()));
  }

  private void end(
      StepTask task,
      Outcome outcome,
      @Nullable Object result,
      @Nullable SagaFailure failure,
      byte @Nullable [] payload,
      List<SagaNews> news) {
    boolean counts =
        inTransaction(
            task,
            "Writing the outcome of step ",
            c ->
                table.end(
                    c,
                    task.instance().id(),
                    task.effect().key(),
                    outcome,
                    payload,
                    task.run().clock().ahead()));
    if (counts) {
      news.add(ended(task, outcome, result, failure));
    } else {
      runner.winner(task, news);
    }
  }

  private boolean giveUp(StepTask task) {
    return inTransaction(
        task,
        "Giving up the call of step ",
        c ->
            table.giveUp(c, task.instance().id(), task.effect().key(), task.run().clock().ahead()));
  }

  private Optional<Duration> left(StepTask task) {
    return inTransaction(
        task,
        "Looking at the call of step ",
        c -> table.left(c, task.instance().id(), task.effect().key(), task.run().clock().ahead()));
  }

  private <T extends @Nullable Object> T inTransaction(
      StepTask task, String what, ProtocolTransaction.Work<T> work) {
    return ProtocolTransaction.inTransaction(
        context.shards().dataSource(task.shard()), what + task.effect().key(), work);
  }

  private static SagaNews.Ended ended(
      StepTask task, Outcome outcome, @Nullable Object result, @Nullable SagaFailure failure) {
    return new SagaNews.Ended(task.effect().key(), outcome, result, failure, task.run().now());
  }
}
