package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import org.jspecify.annotations.Nullable;

/** One message on its way to the broker. */
final class Send {

  private final OutboxMessage message;
  private final Acknowledgement acknowledgement;
  private volatile boolean done;
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

  /** What the last refusal said; null when there was none since the last time it was asked. */
  @Nullable Exception takeRefusal() {
    Exception cause = refusal;
    refusal = null;
    return cause;
  }
}
