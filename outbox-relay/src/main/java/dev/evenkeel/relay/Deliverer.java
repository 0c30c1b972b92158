package dev.evenkeel.relay;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.InboxHandlerMethod;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ReceiveOutcome;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.TransactionTarget;

/** Makes one attempt, live or as a release, and says in one word what it means. */
final class Deliverer {

  private final InboxReceiver receiver;
  private final Leadership leadership;
  private final HandlerWatchdog watchdog;
  private final Outages outages;

  Deliverer(
      InboxReceiver receiver,
      Leadership leadership,
      HandlerWatchdog watchdog,
      Outages outages) {
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

  Result attempt(
      InboxHandlerMethod handler, OutboxMessage message, boolean release, Runnable onAbandon) {
    String target = receiver.target(handler.consumer(), message).name();
    if (!outages.mayTry(target)) {
      return new Result.Away(target);
    }
    HandlerWatchdog.Running watched = watchdog.watch(onAbandon);
    Result result;
    try {
      ReceiveOutcome outcome =
          receiver.receive(handler, message, attemptOf(release, watched));
      outages.answered(target);
      result = new Result.Received(outcome);
    } catch (Throwable failure) { // a handler's Error must not end a lane either
      result = failed(target, failure, watched.expired());
    }
    boolean mine = watched.finish();
    Thread.interrupted(); // the watchdog's interrupt may have come after the handler returned
    return mine ? result : new Result.Abandoned();
  }

  private Result failed(String target, Throwable failure, boolean expired) {
    if (expired) {
      return new Result.Failed(FailureKind.HANDLER, "took longer than evenkeel.inbox.handler-timeout");
    }
    FailureKind kind = FailureKind.of(failure);
    if (kind == FailureKind.OUTAGE) {
      outages.failed(target, failure);
      return new Result.Away(target);
    }
    outages.answered(target);
    return new Result.Failed(kind, failure.toString());
  }

  private InboxReceiver.Attempt attemptOf(boolean release, HandlerWatchdog.Running watched) {
    return new InboxReceiver.Attempt() {
      @Override
      public long epoch() {
        return leadership.epoch();
      }

      @Override
      public boolean release() {
        return release;
      }

      @Override
      public void began(TransactionTarget target, int backendPid) {
        watched.began(target, backendPid);
      }
    };
  }
}
