package dev.evenkeel.saga;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Most attempts that run at one time on a shard; what comes beyond waits in line, at most all steps
 * of the instances in memory. A slow shard thus holds no other. Thread-safe.
 */
final class ShardBulkhead {

  private final int permits;
  private final Deque<StepTask> waiting = new ArrayDeque<>();
  private int running;

  ShardBulkhead(int permits) {
    this.permits = permits;
  }

  /** Enters at once, if nobody waits and there is room. */
  synchronized boolean tryEnter() {
    if (running >= permits || !waiting.isEmpty()) {
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
    waiting.add(task);
    return false;
  }

  /** Whether somebody inside may go on with another task of its own. */
  synchronized boolean isNobodyWaiting() {
    return waiting.isEmpty();
  }

  /** Leaves; the place goes to the next in line, which the caller has to run. */
  synchronized @Nullable StepTask leave() {
    StepTask next = waiting.poll();
    if (next == null) {
      running--;
    }
    return next;
  }
}
