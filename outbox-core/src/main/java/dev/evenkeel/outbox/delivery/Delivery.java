package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.InboxHandlerMethod;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.spi.Acknowledgement;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One message on its way to one consumer, in memory. Confined to whoever runs its key's queue. */
final class Delivery {

  private final String consumer;
  private final @Nullable InboxHandlerMethod handler;
  private final ParkReason refusal;
  private final OutboxMessage message;
  private final Fate fate;
  private int attempts;
  private int contentions;
  private long firstFailureAt;
  private long awaySince;
  private DurableCommits.@Nullable Run handledDuring;

  /**
   * Makes a delivery.
   *
   * @param handler null when the consumer can't take the message
   * @param refusal why it can't, when it can't
   */
  Delivery(
      String consumer,
      @Nullable InboxHandlerMethod handler,
      ParkReason refusal,
      OutboxMessage message,
      Fate fate) {
    this.consumer = consumer;
    this.handler = handler;
    this.refusal = refusal;
    this.message = message;
    this.fate = fate;
  }

  /** Acknowledges a message once each of its consumers is done with it. */
  static final class Fate {

    private final AtomicInteger open;
    private final Acknowledgement acknowledgement;

    Fate(int consumers, Acknowledgement acknowledgement) {
      this.open = new AtomicInteger(consumers);
      this.acknowledgement = acknowledgement;
    }

    private void oneDone() {
      if (open.decrementAndGet() == 0) {
        acknowledgement.acknowledge();
      }
    }
  }

  String consumer() {
    return consumer;
  }

  @Nullable InboxHandlerMethod handler() {
    return handler;
  }

  ParkReason refusal() {
    return refusal;
  }

  OutboxMessage message() {
    return message;
  }

  void done() {
    fate.oneDone();
  }

  /** The server's run in which it was handled by a commit that did not wait; null: it waited. */
  DurableCommits.@Nullable Run handledDuring() {
    return handledDuring;
  }

  void handledDuring(DurableCommits.Run run) {
    handledDuring = run;
  }

  void fail(Throwable cause) {
    fate.acknowledgement.fail(cause);
  }

  /** Counts a failed attempt. */
  int failed(long now) {
    if (attempts == 0) {
      firstFailureAt = now;
    }
    return ++attempts;
  }

  long firstFailureAt() {
    return firstFailureAt;
  }

  /** Since when the database of the effects did not answer this delivery. */
  long awaySince() {
    if (awaySince == 0) {
      awaySince = System.nanoTime();
    }
    return awaySince;
  }

  /** Counts a deadlock, serialization failure or lock timeout. */
  int contended() {
    return ++contentions;
  }
}
