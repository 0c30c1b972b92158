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

  private final int maxEntries;
  private final long maxBytes;
  private final Deque<Entry> entries = new ArrayDeque<>();
  private long bytes;
  private volatile int size;
  private volatile @Nullable Throwable failure;
  private volatile @Nullable Thread waiting;

  InFlight(int maxEntries, long maxBytes) {
    this.maxEntries = maxEntries;
    this.maxBytes = maxBytes;
  }

  /** A message or a heartbeat in its place. */
  final class Entry implements Acknowledgement {

    private final int cost;
    private final @Nullable Heartbeat heartbeat;
    private final @Nullable StreamPosition position;
    private volatile boolean acknowledged;

    private Entry(int cost, @Nullable Heartbeat heartbeat, @Nullable StreamPosition position) {
      this.cost = cost;
      this.heartbeat = heartbeat;
      this.position = position;
      this.acknowledged = heartbeat != null;
    }

    @Nullable Heartbeat heartbeat() {
      return heartbeat;
    }

    @Nullable StreamPosition position() {
      return position;
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
    return entries.isEmpty()
        || (entries.size() < maxEntries && bytes + cost(message) <= maxBytes);
  }

  private static int cost(OutboxMessage message) {
    return message.payload().length + OVERHEAD_BYTES;
  }

  Entry add(OutboxMessage message, @Nullable StreamPosition position) {
    return add(new Entry(cost(message), null, position));
  }

  void add(Heartbeat heartbeat, StreamPosition position) {
    add(new Entry(OVERHEAD_BYTES, heartbeat, position));
  }

  private Entry add(Entry entry) {
    entries.add(entry);
    bytes += entry.cost;
    size = entries.size();
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
    size = entries.size();
    return first;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** From any thread. */
  int size() {
    return size;
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
