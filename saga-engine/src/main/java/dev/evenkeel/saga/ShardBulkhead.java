package dev.evenkeel.saga;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Most attempts that run at one time on a shard, or calls of a step that calls another service;
 * what comes beyond waits in line for a bounded time. So a shard that hangs holds no other, and
 * what waits for it ends up waiting in the database, not in memory. Thread-safe.
 */
final class ShardBulkhead {

  /** Longest time in line. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private record Waiting(StepTask task, long since) {}

  private final int permits;
  private final Deque<Waiting> line = new ArrayDeque<>();
  private int running;

  ShardBulkhead(int permits) {
    this.permits = permits;
  }

  /** Enters at once, if nobody waits and there is room. */
  synchronized boolean tryEnter() {
    if (running >= permits || !line.isEmpty()) {
      return false;
    }
    running++;
    return true;
  }

  /** Enters, or waits in line; whether it entered and has to be run by the caller. */
  synchronized boolean enterOrWait(StepTask task) {
    if (running < permits) {
      running++;
      return true;
    }
    line.add(new Waiting(task, System.nanoTime()));
    return false;
  }

  /** Whether somebody inside may go on with another task of its own. */
  synchronized boolean isNobodyWaiting() {
    return line.isEmpty();
  }

  /** Leaves; the place goes to the next in line, which the caller has to run. */
  synchronized @Nullable StepTask leave() {
    Waiting next = line.poll();
    if (next == null) {
      running--;
      return null;
    }
    return next.task();
  }

  /** Takes out of the line what has been in it for too long. */
  synchronized List<StepTask> overdue() {
    long now = System.nanoTime();
    List<StepTask> overdue = new ArrayList<>();
    while (!line.isEmpty() && now - line.element().since() > LONGEST_WAIT.toNanos()) {
      overdue.add(line.remove().task());
    }
    return overdue;
  }
}
