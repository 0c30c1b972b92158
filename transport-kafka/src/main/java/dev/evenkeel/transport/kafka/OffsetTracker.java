package dev.evenkeel.transport.kafka;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How far a partition is done: the offset up to which every message is, in whatever order they
 * finished. Offsets are added by one thread, which also asks; they finish on any.
 */
final class OffsetTracker {

  private final InFlightBudget budget;
  private final Deque<Entry> open = new ArrayDeque<>();
  private long next = -1;

  OffsetTracker(InFlightBudget budget) {
    this.budget = budget;
  }

  /** One message's offset. */
  final class Entry {

    private final long offset;
    private final int size;
    private final AtomicBoolean done = new AtomicBoolean();

    private Entry(long offset, int size) {
      this.offset = offset;
      this.size = size;
    }

    /** Idempotent. */
    void done() {
      if (done.compareAndSet(false, true)) {
        budget.remove(size);
      }
    }
  }

  /**
   * Begins with a message.
   *
   * @param size bytes of its payload
   */
  Entry add(long offset, int size) {
    budget.add(size);
    Entry entry = new Entry(offset, size);
    open.add(entry);
    return entry;
  }

  /** The offset to commit; empty while nothing is done. */
  OptionalLong position() {
    for (Entry first = open.peek(); first != null && first.done.get(); first = open.peek()) {
      next = first.offset + 1;
      open.remove();
    }
    return next < 0 ? OptionalLong.empty() : OptionalLong.of(next);
  }

  /** Gives back what the open ones hold of the budget; the position stays. */
  void drop() {
    open.forEach(Entry::done);
    open.clear();
  }

  int open() {
    return open.size();
  }
}
