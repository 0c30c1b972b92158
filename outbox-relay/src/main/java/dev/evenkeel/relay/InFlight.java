package dev.evenkeel.relay;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What was sent and not yet confirmed, in the order of the WAL. One thread adds and removes;
 * acknowledgements come from any thread.
 *
 * <p>Bounded by count and bytes; a single message above the bytes passes when it is alone.
 */
final class InFlight {

  /** What an entry costs beside its payload: objects, strings, the captured record. */
  private static final int OVERHEAD_BYTES = 1_024;

  private final int maxMessages;
  private final long maxBytes;
  private final Deque<Entry> entries = new ArrayDeque<>();
  private long bytes;
  private int sent;
  private volatile int messages; // what other threads see of it
  private volatile @Nullable Throwable failure;
  private volatile @Nullable Thread waiting;

  InFlight(int maxMessages, long maxBytes) {
    this.maxMessages = maxMessages;
    this.maxBytes = maxBytes;
  }

  /** A message, a heartbeat or a mere position in its place. */
  final class Entry implements Acknowledgement {

    private final int cost;
    private final boolean message;
    private final @Nullable Heartbeat heartbeat;
    private final @Nullable Place place;
    private volatile boolean acknowledged;

    private Entry(int cost, boolean message, @Nullable Heartbeat heartbeat, @Nullable Place place) {
      this.cost = cost;
      this.message = message;
      this.heartbeat = heartbeat;
      this.place = place;
      this.acknowledged = !message;
    }

    @Nullable Heartbeat heartbeat() {
      return heartbeat;
    }

    @Nullable Place place() {
      return place;
    }

    @Override
    public void acknowledge() {
      acknowledged = true;
      wake();
    }

    @Override
    public void fail(Throwable cause) {
      failure = cause;
      wake();
    }
  }

  private void wake() {
    Thread thread = waiting;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  boolean hasRoomFor(OutboxMessage message) {
    return entries.isEmpty() || (sent < maxMessages && bytes + cost(message) <= maxBytes);
  }

  private static int cost(OutboxMessage message) {
    return message.payload().length + OVERHEAD_BYTES;
  }

  Entry add(OutboxMessage message, @Nullable Place place) {
    return add(new Entry(cost(message), true, null, place));
  }

  /** Takes the place of the heartbeat right before it, so that those never pile up. */
  void add(Heartbeat heartbeat, @Nullable Place place) {
    Entry last = entries.peekLast();
    if (last != null && last.heartbeat != null) {
      entries.removeLast();
      bytes -= last.cost;
    }
    add(new Entry(OVERHEAD_BYTES, false, heartbeat, place));
  }

  /** A position that is reached once everything added before is acknowledged. */
  void add(Place place) {
    add(new Entry(OVERHEAD_BYTES, false, null, place));
  }

  private Entry add(Entry entry) {
    entries.add(entry);
    bytes += entry.cost;
    if (entry.message) {
      messages = ++sent;
    }
    return entry;
  }

  /** The next entry in order, if it is acknowledged; null otherwise. */
  @Nullable Entry pollAcknowledged() {
    Entry first = entries.peek();
    if (first == null || !first.acknowledged) {
      return null;
    }
    entries.remove();
    bytes -= first.cost;
    if (first.message) {
      messages = --sent;
    }
    return first;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** How many messages; from any thread. */
  int messages() {
    return messages;
  }

  /** What the transport could not make durable; null while all is well. From any thread. */
  @Nullable Throwable failure() {
    return failure;
  }

  /** Waits until something was acknowledged or failed, or the time is over; may return early. */
  void awaitChange(long nanos) throws InterruptedException {
    waiting = Thread.currentThread();
    try {
      Entry first = entries.peek();
      if (failure == null && (first == null || !first.acknowledged)) {
        LockSupport.parkNanos(this, nanos);
      }
    } finally {
      waiting = null;
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }
}
