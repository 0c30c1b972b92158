package dev.evenkeel.transport.kafka;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * One producer, used until its first error.
 *
 * <p>Invariant: nothing that was given after a record that failed reaches the broker. The error is
 * learned on the producer's own thread, between two requests, of which only one is under way at a
 * time; there and then the producer is closed, before it can send what waits behind. So a message
 * never overtakes an earlier one of its key, whatever becomes of that.
 */
final class Outlet implements AutoCloseable {

  private final Producer<byte[], byte[]> producer;
  private final Runnable onChange;
  private final AtomicReference<@Nullable Exception> trouble = new AtomicReference<>();
  private volatile boolean closed;

  /**
   * Makes an outlet.
   *
   * @param onChange called whenever a record is done or the first one failed, on any thread
   */
  Outlet(Producer<byte[], byte[]> producer, Runnable onChange) {
    this.producer = producer;
    this.onChange = onChange;
  }

  /**
   * Gives a record to the producer, which may block for as long as {@code max.block.ms}.
   *
   * @return why the producer did not take it; null when it did
   */
  @Nullable Exception give(ProducerRecord<byte[], byte[]> record, Send send) {
    Thread caller = Thread.currentThread();
    AtomicReference<@Nullable Exception> notTaken = new AtomicReference<>();
    try {
      producer.send(
          record,
          (metadata, failure) -> {
            if (closed) {
              return; // nobody waits for it any more
            }
            if (failure == null) {
              send.acknowledge();
              onChange.run();
            } else if (Thread.currentThread() == caller) {
              notTaken.set(failure);
            } else {
              failed(send, failure);
            }
          });
    } catch (RuntimeException e) { // closed meanwhile, or interrupted
      return e;
    }
    return notTaken.get();
  }

  private void failed(Send send, Exception failure) {
    if (Refusals.isRefusal(failure)) {
      send.refused(failure);
    }
    if (trouble.compareAndSet(null, failure)) {
      producer.close(Duration.ZERO); // on the producer's thread: does not wait for it
      onChange.run();
    }
  }

  /** The first error; null while all is well. */
  @Nullable Exception trouble() {
    return trouble.get();
  }

  /** Drops what is not sent. After it nothing is acknowledged. */
  @Override
  public void close() {
    try {
      producer.close(Duration.ZERO); // waits for its thread, which finishes what it is at
    } finally {
      closed = true; // also when an interrupt cuts the wait short
    }
  }
}
