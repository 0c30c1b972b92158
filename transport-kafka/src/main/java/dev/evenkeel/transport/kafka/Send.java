package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import org.jspecify.annotations.Nullable;

/** One message on its way to the broker. */
final class Send {

  private final OutboxMessage message;
  private final Acknowledgement acknowledgement;
  private final long since = System.nanoTime();
  private volatile boolean done;
  private boolean limitLookedAt;
  private volatile @Nullable Exception refusal;

  Send(OutboxMessage message, Acknowledgement acknowledgement) {
    this.message = message;
    this.acknowledgement = acknowledgement;
  }

  OutboxMessage message() {
    return message;
  }

  /** Its fate is durable: in the broker, or in a parked row. */
  void acknowledge() {
    done = true;
    acknowledgement.acknowledge();
  }

  void fail(Throwable cause) {
    acknowledgement.fail(cause);
  }

  boolean done() {
    return done;
  }

  /** The broker refused it, or a batch that it was part of. */
  void refused(Exception cause) {
    refusal = cause;
  }

  /** When it was handed over, by {@link System#nanoTime()}. */
  long since() {
    return since;
  }

  /** True the first time: the topic's limit is looked at anew before a message is parked for it. */
  boolean looksAtLimit() {
    boolean first = !limitLookedAt;
    limitLookedAt = true;
    return first;
  }

  /** What the last refusal said; null when there was none since the last time it was asked. */
  @Nullable Exception takeRefusal() {
    Exception cause = refusal;
    refusal = null;
    return cause;
  }
}
