package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.StepTable.Direction;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.StepDefinition;
import dev.evenkeel.saga.spi.SagaObserver;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.support.DefaultTransactionDefinition;

/**
 * Performs what the coordinator decided, each in one transaction on the step's shard: the code with
 * its row, the compensation with its row, or a fence.
 *
 * <p>The row comes last. When somebody else's row is there first, everything is rolled back and
 * theirs counts: absence is never proved by reading, and the first committed outcome is final.
 */
final class StepRunner {

  private final SagaEngine.Context context;
  private final SagaCodec codec;
  private final StepTable table;
  private final Attempts attempts;
  private final ExternalRunner external;
  private final LockTable locks;
  private final LockWaits waits;

  StepRunner(
      SagaEngine.Context context,
      SagaCodec codec,
      StepTable table,
      LockTable locks,
      Attempts attempts) {
    this.context = context;
    this.codec = codec;
    this.table = table;
    this.attempts = attempts;
    this.locks = locks;
    this.waits = new LockWaits(context.shards(), locks);
    this.external = new ExternalRunner(this, context, codec, table, attempts);
  }

  /** Performs; never throws. All that became known, the task's own outcome last. */
  List<SagaNews> perform(StepTask task) {
    SagaObserver.Attempt watched =
        context
            .observer()
            .attempt(
                task.instance().definition().name(),
                task.instance().id(),
                task.step().name(),
                task.effect().work() == Work.UNDO,
                task.effect().attempt(),
                task.run().headers());
    List<SagaNews> news = new ArrayList<>(1);
    try {
      if (!context.shards().isUp(task.shard())) {
        news.add(
            failed(
                task,
                SagaNews.Failed.Kind.OUTAGE,
                "",
                "Shard \"%s\" is down".formatted(task.shard())));
      } else {
        perform(task, news);
      }
    } catch (Throwable e) { // an Error of the application's code must not end the saga's thread
      news.add(failed(task, e));
    }
    watched.ended(outcome(news.get(news.size() - 1)));
    return news;
  }

  private static String outcome(SagaNews news) {
    if (news instanceof SagaNews.Ended ended) {
      return ended.outcome().name();
    }
    if (news instanceof SagaNews.Failed failed) {
      return switch (failed.kind()) {
        case OUTAGE -> "UNAVAILABLE";
        case LOCKED -> "LOCKED";
        default -> "FAILED";
      };
    }
    return news instanceof SagaNews.Handed ? Outcome.STARTED.name() : Outcome.DONE.name();
  }

  private void perform(StepTask task, List<SagaNews> news) throws Exception {
    Work work = task.effect().work();
    if (work == Work.SKIP || work == Work.RESOLVE) {
      decide(task, news);
      return;
    }
    if (task.readFirst() && readFirst(task, news)) {
      return;
    }
    if (task.step().isExternal()) {
      external.perform(task, news);
      return;
    }
    switch (work) {
      case FORWARD -> forward(task, new LockingStep(task, locks), news);
      case FENCE -> fence(task, news);
      case UNDO -> undo(task, news);
      case SKIP, RESOLVE, NONE ->
          throw new IllegalStateException("Nothing to do for " + task.effect().key());
    }
  }

  /** Everything the shard has of the saga; whether the task's own row is among it. */
  private boolean readFirst(StepTask task, List<SagaNews> news) {
    if (readRows(task, news)) {
      return true;
    }
    if (direction(task) == Direction.FORWARD && task.run().isKnownDone(task.effect().key())) {
      missing(task, news);
      return true;
    }
    return false;
  }

  private static void missing(StepTask task, List<SagaNews> news) {
    news.add(
        failed(
            task,
            SagaNews.Failed.Kind.MISSING,
            "",
            "Step \"%s\" is known to be done, and its row is not on shard \"%s\""
                .formatted(task.effect().key(), task.shard())));
  }

  /** In a statement of its own, which sees what an insert has waited for. */
  void winner(StepTask task, List<SagaNews> news) {
    int before = news.size();
    if (readRows(task, news)) {
      return;
    }
    boolean isMissing =
        task.effect().work() == Work.UNDO
            && news.subList(before, news.size()).stream()
                .noneMatch(
                    n -> n instanceof SagaNews.Ended e && e.key().equals(task.effect().key()));
    if (isMissing) {
      missing(task, news);
    } else {
      news.add(
          failed(
              task,
              SagaNews.Failed.Kind.OUTAGE,
              "",
              "This node has not renewed its lease in time, so its steps count no more after %s"
                  .formatted(task.run().clock().notAfter())));
    }
  }

  /** All rows of the saga on the shard as news, the task's own last; whether that one is there. */
  private boolean readRows(StepTask task, List<SagaNews> news) {
    List<StepTable.Row> rows =
        ProtocolTransaction.inTransaction(
            context.shards().dataSource(task.shard()),
            "Reading the steps of saga " + task.instance().id(),
            c -> table.read(c, Set.of(task.instance().id())));
    SagaNews own = null;
    for (StepTable.Row row : rows) {
      SagaNews found = news(task.instance(), row);
      if (row.key().equals(task.effect().key()) && row.direction() == direction(task)) {
        own = found;
      } else if (found != null) {
        news.add(found);
      }
    }
    task.run().hasRead(task.shard());
    if (own != null) {
      news.add(own);
    }
    return own != null;
  }

  private static Direction direction(StepTask task) {
    Work work = task.effect().work();
    return work == Work.UNDO || work == Work.RESOLVE ? Direction.COMPENSATION : Direction.FORWARD;
  }

  /** A row as news; null for a step that the definition does not have. */
  @Nullable SagaNews news(InstanceState instance, StepTable.Row row) {
    StepDefinition step = instance.definition().find(row.key().step());
    if (step == null || row.outcome() == Outcome.STARTED) { // who began it has to end it
      return null;
    }
    if (row.direction() == Direction.COMPENSATION) {
      return new SagaNews.Undone(row.key());
    }
    boolean refused = row.outcome() == Outcome.REFUSED;
    return new SagaNews.Ended(
        row.key(),
        row.outcome(),
        refused ? null : codec.result(row.result(), step.resultType()),
        refused ? codec.failure(row.result()) : null,
        row.recordedAt());
  }

  /** What a participant has answered to an earlier owner. */
  List<SagaNews> news(InstanceState instance, CallTable.Row call) {
    StepDefinition step = instance.definition().find(call.key().step());
    Outcome outcome = call.outcome();
    Instant at = call.recordedAt();
    if (step == null || outcome == null || at == null) {
      return List.of();
    }
    boolean refused = outcome == Outcome.REFUSED;
    SagaNews ended =
        new SagaNews.Ended(
            call.key(),
            outcome,
            refused ? null : codec.result(call.result(), step.resultType()),
            refused ? codec.failure(call.result()) : null,
            at);
    return call.undone() ? List.of(ended, new SagaNews.Undone(call.key())) : List.of(ended);
  }

  // ---- the application's code

  private void forward(StepTask task, LockingStep locking, List<SagaNews> news) throws Exception {
    Class<?> type = task.step().resultType();
    Object[] result = new Object[1];
    try {
      if (inTransaction(
          task,
          locking,
          null,
          value -> {
            byte[] payload = codec.encode(value, "The result of step " + task.step().name());
            // As every later owner reads it, and before it is too late to find that it can't be.
            result[0] = codec.result(payload, type);
            return payload;
          })) {
        news.add(
            new SagaNews.Ended(
                task.effect().key(), Outcome.DONE, result[0], null, task.run().now()));
        return;
      }
    } catch (Exception e) {
      LockingStep.Met met = locking.met(e);
      if (met != null) {
        locked(task, locking, met, news);
        return;
      }
      // An outage is never a refusal, whatever the step declares.
      if (task.code().isRefusal().test(e) && FailureKind.of(e) == FailureKind.HANDLER) {
        refuse(task, e, news);
        return;
      }
      throw e;
    }
    winner(task, news);
  }

  /** Another saga's lock was in the way, and everything is rolled back. */
  private void locked(StepTask task, LockingStep locking, LockingStep.Met met, List<SagaNews> news)
      throws Exception {
    LockWaits.Judgement judgement = waits.judge(task, met);
    switch (judgement.verdict()) {
      case TAKE_OVER -> {
        if (locking.mayTakeOver(met.held())) {
          forward(task, locking, news);
        } else {
          news.add(locked(task, judgement));
        }
      }
      case WAIT -> news.add(locked(task, judgement));
      case REFUSE -> refuse(task, judgement.why(), news);
    }
  }

  private static SagaNews locked(StepTask task, LockWaits.Judgement judgement) {
    return failed(task, SagaNews.Failed.Kind.LOCKED, "", message(judgement.why()));
  }

  private void undo(StepTask task, List<SagaNews> news) throws Exception {
    LockingStep locking = new LockingStep(task, locks);
    if (inTransaction(task, locking, task.instance().failure(), value -> null)) {
      news.add(new SagaNews.Undone(task.effect().key()));
    } else {
      winner(task, news);
    }
  }

  private interface Encoding {
    byte @Nullable [] of(@Nullable Object result);
  }

  /**
   * The code and its row in one transaction.
   *
   * @return whether it committed; if not, there is a row already
   */
  private boolean inTransaction(
      StepTask task, LockingStep locking, @Nullable SagaFailure failure, Encoding encoding)
      throws Exception {
    TransactionTarget target = context.shards().target(task.slot(), "saga " + task.instance().id());
    ActionStep.Call call =
        direction(task) == Direction.FORWARD
            ? task.code().action()
            : java.util.Objects.requireNonNull(task.code().compensation());
    StepInput input = new StepInput(task.instance(), task.step(), task.effect().key(), failure);
    CurrentSaga.enter(task.run().headers());
    try (Attempts.Attempt attempt =
        attempts.begin(task, context.shards().dataSource(task.shard()))) {
      Outcomes outcome =
          target
              .scope()
              .call(
                  () -> {
                    try {
                      return new Outcomes(
                          run(task, locking, target, attempt, call, input, encoding), null);
                    } catch (Exception e) {
                      return new Outcomes(false, attempt.isOverdue() ? overdue(task) : e);
                    }
                  });
      if (outcome.failure() != null) {
        throw outcome.failure();
      }
      return outcome.committed();
    } finally {
      CurrentSaga.leave();
    }
  }

  static OverdueException overdue(StepTask task) {
    return new OverdueException(
        "It took longer than %s and was ended".formatted(task.step().timeout()));
  }

  /** Checked exceptions cross the scope as values. */
  private record Outcomes(boolean committed, @Nullable Exception failure) {}

  private boolean run(
      StepTask task,
      LockingStep locking,
      TransactionTarget target,
      Attempts.Attempt attempt,
      ActionStep.Call call,
      StepInput input,
      Encoding encoding)
      throws Exception {
    PlatformTransactionManager manager = target.transactionManager();
    DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
    definition.setName("evenkeel-saga");
    TransactionStatus status = manager.getTransaction(definition);
    boolean isFirst;
    try {
      Connection connection = DataSourceUtils.getConnection(target.transactional());
      try {
        if (connection.getAutoCommit()) {
          throw new IllegalStateException(
              "The transaction manager of \"%s\" does not manage its data source, so a step and its row would not commit together"
                  .formatted(target.name()));
        }
        attempt.on(connection);
        Object value = call(locking, connection, call, input);
        // Row locks before positions, and everything before the row.
        context.flushes().forEach(TransactionFlush::flush);
        isFirst = insert(connection, task, row(task, Outcome.DONE, encoding.of(value)));
      } finally {
        DataSourceUtils.releaseConnection(connection, target.transactional());
      }
    } catch (Throwable e) {
      attempt.close();
      rollback(manager, status, e);
      throw e;
    }
    attempt.close(); // before the connection goes back to the pool, where its session is another's
    if (!isFirst) {
      manager.rollback(status);
      return false;
    }
    manager.commit(status);
    return true;
  }

  private static @Nullable Object call(
      LockingStep locking, Connection connection, ActionStep.Call call, StepInput input)
      throws Exception {
    locking.enter(connection);
    try {
      Object value = call.call(input);
      locking.requireNothingMet();
      return value;
    } finally {
      locking.leave();
    }
  }

  private static void rollback(
      PlatformTransactionManager manager, TransactionStatus status, Throwable failure) {
    try {
      manager.rollback(status);
    } catch (RuntimeException e) {
      failure.addSuppressed(e); // the connection is gone, and the transaction with it
    }
  }

  boolean insert(Connection connection, StepTask task, StepTable.NewRow row) throws SQLException {
    Duration ahead = task.run().clock().ahead();
    return row.direction() == Direction.FORWARD
        ? table.insert(connection, row, ahead)
        : table.insertCompensation(connection, row, ahead);
  }

  StepTable.NewRow row(StepTask task, Outcome outcome, byte @Nullable [] result) {
    return new StepTable.NewRow(
        task.instance().id(),
        task.effect().key(),
        direction(task),
        outcome,
        result,
        task.slot(),
        task.run().epoch(),
        task.effect().attempt(),
        task.run().clock().notAfter());
  }

  // ---- rows without code

  /** A refusal counts once it is committed: another node's attempt may have succeeded. */
  private void refuse(StepTask task, Exception refusal, List<SagaNews> news) {
    end(task, Outcome.REFUSED, refusal(task, refusal), news);
  }

  static SagaFailure refusal(StepTask task, Exception refusal) {
    return new SagaFailure(
        SagaFailure.Reason.REFUSED,
        task.step().name(),
        refusal.getClass().getSimpleName(),
        message(refusal));
  }

  private void fence(StepTask task, List<SagaNews> news) {
    end(task, Outcome.FENCED, null, news);
  }

  private void end(
      StepTask task, Outcome outcome, @Nullable SagaFailure failure, List<SagaNews> news) {
    if (insert(task, outcome, failure == null ? null : codec.encodeFailure(failure))) {
      news.add(new SagaNews.Ended(task.effect().key(), outcome, null, failure, task.run().now()));
    } else {
      winner(task, news);
    }
  }

  /** An operator's decision in place of the code; what is there first counts. */
  private void decide(StepTask task, List<SagaNews> news) {
    StepKey key = task.effect().key();
    SagaNews.Decided decided = task.instance().decided().get(key);
    boolean isForward = direction(task) == Direction.FORWARD;
    StepTable.NewRow row =
        row(task, Outcome.SKIPPED, decided == null ? null : decided.what().result());
    boolean isOurs =
        ProtocolTransaction.inTransaction(
            context.shards().dataSource(task.shard()),
            "Deciding about step " + key,
            c ->
                table.insert(c, row, task.run().clock().ahead())
                    || (isForward
                        && table.skip(
                            c, row, task.instance().isPastPivot(), task.run().clock().ahead())));
    if (!isOurs) {
      if (!readRows(task, news)) {
        news.add(
            failed(
                task,
                SagaNews.Failed.Kind.OUTAGE,
                "",
                "Step \"%s\" may be under way, or this node's lease is over".formatted(key)));
      }
    } else if (isForward) {
      Object result = decided == null ? null : decided.result();
      news.add(new SagaNews.Ended(key, Outcome.SKIPPED, result, null, task.run().now()));
    } else {
      news.add(new SagaNews.Undone(key));
    }
  }

  boolean insert(StepTask task, Outcome outcome, byte @Nullable [] result) {
    return ProtocolTransaction.inTransaction(
        context.shards().dataSource(task.shard()),
        "Writing the outcome of step " + task.effect().key(),
        c -> insert(c, task, row(task, outcome, result)));
  }

  // ---- failures

  private static SagaNews.Failed failed(StepTask task, Throwable e) {
    SagaNews.Failed.Kind kind =
        switch (FailureKind.of(e)) {
          case OUTAGE -> SagaNews.Failed.Kind.OUTAGE;
          case CONTENTION -> SagaNews.Failed.Kind.CONTENTION;
          default -> SagaNews.Failed.Kind.ERROR;
        };
    return failed(task, kind, e.getClass().getSimpleName(), message(e));
  }

  static SagaNews.Failed failed(
      StepTask task, SagaNews.Failed.Kind kind, String type, String message) {
    return new SagaNews.Failed(task.effect().key(), task.effect().work(), kind, type, message);
  }

  private static String message(Throwable e) {
    String message = e.getMessage() == null ? null : FailureText.messageOf(e);
    return message == null || message.isBlank() ? e.getClass().getName() : message;
  }
}
