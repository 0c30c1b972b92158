package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.InboxHandlerMethod;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ReceiveOutcome;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Makes one attempt, live or as a release, and says in one word what it means. */
final class Deliverer {

  private static final int VALIDATION_SECONDS = 1;

  /** Stands for a target that could not be found out. */
  private static final String ROUTING = "of the handler's shard key";

  /** Stands for the payload store, whatever that is. */
  private static final String PAYLOADS = "of the claimed payloads";

  private final InboxReceiver receiver;
  private final Leadership leadership;
  private final HandlerWatchdog watchdog;
  private final Outages outages;

  Deliverer(
      InboxReceiver receiver, Leadership leadership, HandlerWatchdog watchdog, Outages outages) {
    this.receiver = receiver;
    this.leadership = leadership;
    this.watchdog = watchdog;
    this.outages = outages;
  }

  /** What an attempt came to. */
  sealed interface Result {
    /** The receiver answered. */
    record Received(ReceiveOutcome outcome) implements Result {}

    /** The database of the effects is away; no attempt was made. */
    record Away(String target) implements Result {}

    /** It failed. */
    record Failed(FailureKind kind, String error) implements Result {}

    /** The thread was abandoned meanwhile: somebody else answers for the delivery. */
    record Abandoned() implements Result {}
  }

  /**
   * What a thread that was abandoned waits for.
   *
   * @param cause whose fault it is
   * @param text in words
   */
  record Verdict(Cause cause, String text) {

    /** Whose fault it is. */
    enum Cause {
      /** The handler's own: another attempt would only cost another thread. */
      HANDLER,
      /** A database's that does not answer; no attempt was made. */
      SILENCE,
      /** Nobody knows: a database may have been silent, and answers by now. An attempt counts. */
      UNCLEAR
    }
  }

  /**
   * Answers for a delivery whose thread was abandoned. Called by the watchdog, which can't wait.
   */
  @FunctionalInterface
  interface OnAbandon {

    /**
     * Takes the delivery.
     *
     * @param verdict says what its thread waits for. It connects, so it may take as long as that
     *     does
     */
    void abandoned(Supplier<Verdict> verdict);
  }

  /**
   * Delivers a message that comes live.
   *
   * @param grouped whether the caller waits for a later durable commit before it acknowledges
   */
  Result attempt(
      InboxHandlerMethod handler, OutboxMessage message, boolean grouped, OnAbandon onAbandon) {
    return redeemAndAttempt(handler, message, null, grouped, onAbandon);
  }

  /** Delivers a message that was parked. */
  Result release(InboxHandlerMethod handler, ParkedMessage parked, OnAbandon onAbandon) {
    return redeemAndAttempt(handler, parked.message(), parked, false, onAbandon);
  }

  /** The payload of a message that carries a claim is in memory for this attempt only. */
  private Result redeemAndAttempt(
      InboxHandlerMethod handler,
      OutboxMessage carried,
      @Nullable ParkedMessage parked,
      boolean grouped,
      OnAbandon onAbandon) {
    OutboxMessage message = carried;
    if (carried.headers().containsKey(MessageHeaders.CLAIM_CHECK)) {
      if (!outages.mayTry(PAYLOADS)) {
        return new Result.Away(PAYLOADS);
      }
      try {
        message = receiver.redeem(carried);
      } catch (PayloadException e) {
        return new Result.Failed(FailureKind.UNREADABLE, FailureText.of(e));
      } catch (RuntimeException e) { // whatever a store throws: it did not say that it has nothing
        outages.failed(PAYLOADS, e);
        return new Result.Away(PAYLOADS);
      } catch (Error e) {
        return new Result.Failed(FailureKind.HANDLER, "can't be redeemed: " + FailureText.of(e));
      }
      outages.answered(PAYLOADS);
    }
    return attempt(handler, message, parked, grouped, onAbandon);
  }

  private Result attempt(
      InboxHandlerMethod handler,
      OutboxMessage message,
      @Nullable ParkedMessage parked,
      boolean grouped,
      OnAbandon onAbandon) {
    TransactionTarget target;
    try {
      target = receiver.target(handler, message);
    } catch (RuntimeException | Error e) { // what can't be routed must not hold the relay up
      FailureKind kind = FailureKind.of(e);
      return kind == FailureKind.OUTAGE
          ? new Result.Away(ROUTING) // what routing goes by is away, or a slot on its way
          : new Result.Failed(kind, "can't be routed: " + FailureText.of(e));
    }
    if (!outages.mayTry(target.name())) {
      return new Result.Away(target.name());
    }
    HandlerWatchdog.Running watched =
        watchdog.watch(running -> onAbandon.abandoned(() -> verdict(target, running)));
    Result result;
    try {
      ReceiveOutcome outcome =
          receiver.receive(handler, message, target, attemptOf(parked, grouped, watched));
      if (outcome == ReceiveOutcome.HANDLED || outcome == ReceiveOutcome.DUPLICATE) {
        outages.answered(target.name()); // the others are told by the parked tables at home
      }
      result = new Result.Received(outcome);
    } catch (Throwable failure) { // a handler's Error must not end a lane either
      result = judged(target, failure, watched);
    }
    boolean mine = watched.finish();
    Thread.interrupted(); // the watchdog's interrupt may have come after the handler returned
    return mine ? result : new Result.Abandoned();
  }

  /** Also of an exception whose own methods throw. */
  private Result judged(
      TransactionTarget target, Throwable failure, HandlerWatchdog.Running watched) {
    try {
      return failed(target, failure, watched);
    } catch (RuntimeException | Error e) {
      return new Result.Failed(
          FailureKind.HANDLER, failure.getClass().getName() + ", of which nothing can be told");
    }
  }

  private Result failed(
      TransactionTarget target, Throwable failure, HandlerWatchdog.Running watched) {
    if (watched.expired()) {
      return new Result.Failed(
          FailureKind.HANDLER, "took longer than evenkeel.inbox.handler-timeout");
    }
    FailureKind kind = FailureKind.of(failure);
    if (kind == FailureKind.OUTAGE && watched.backend() != null && answers(target)) {
      // Its session was cut, or the handler reached for something else that is away: no reason to
      // hold up everybody's work on this database, and no endless wait for this message either.
      kind = FailureKind.CONTENTION;
    }
    boolean noConnection = kind == FailureKind.HANDLER && watched.neverBegan();
    if (noConnection || kind == FailureKind.OUTAGE) {
      outages.failed(target.name(), failure);
      return new Result.Away(target.name());
    }
    outages.answered(target.name());
    return new Result.Failed(kind, FailureText.of(failure));
  }

  /**
   * Whoever waits for a network that swallows everything does not react to an interrupt either.
   * That is an outage like any other, and no reason for a dead letter; also when the network is
   * back at the moment that somebody looks.
   */
  private Verdict verdict(TransactionTarget target, HandlerWatchdog.Running watched) {
    if (!answers(target)) {
      outages.failed(target.name(), new SQLException("A delivery waits for it in vain"));
      return new Verdict(
          Verdict.Cause.SILENCE, "the database \"" + target.name() + "\" does not answer");
    }
    if (watched.backend() == null) {
      return new Verdict(
          Verdict.Cause.UNCLEAR, "a database did not answer before the handler began");
    }
    return watched.outlivedItsSession()
        ? new Verdict(Verdict.Cause.HANDLER, "ignored its interrupt")
        : new Verdict(
            Verdict.Cause.UNCLEAR,
            "the database \"" + target.name() + "\" did not end the handler's session in time");
  }

  private static boolean answers(TransactionTarget target) {
    try (Connection connection = target.dataSource().getConnection()) {
      return connection.isValid(VALIDATION_SECONDS);
    } catch (SQLException e) {
      return false;
    }
  }

  private InboxReceiver.Attempt attemptOf(
      @Nullable ParkedMessage parked, boolean grouped, HandlerWatchdog.Running watched) {
    return new InboxReceiver.Attempt() {
      @Override
      public Fence fence() {
        return leadership.fence();
      }

      @Override
      public boolean release() {
        return parked != null;
      }

      @Override
      public boolean grouped() {
        return grouped;
      }

      @Override
      public int revision() {
        return parked == null ? 0 : parked.revision();
      }

      @Override
      public void began(TransactionTarget target, int backendPid, String startedAt) {
        watched.began(new HandlerWatchdog.Backend(target, backendPid, startedAt));
      }
    };
  }
}
