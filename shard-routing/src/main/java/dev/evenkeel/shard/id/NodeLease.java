package dev.evenkeel.shard.id;

import com.github.f4b6a3.tsid.TsidFactory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A node id that this process holds, and the ids it issues: those between the ceiling it found and
 * the one it stored, until its deadline. Any thread may draw and revoke; one renews.
 */
final class NodeLease {

  /** No id: the deadline or the ceiling has been reached. */
  static final long NONE = -1;

  private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  /** A parked thread wakes about this much late, so the last stretch is spun. */
  private static final long SPIN_NANOS = 60_000;

  /** A clock that is ahead is held back by this fraction of the time at most. */
  private static final long SLOWDOWN = 1_000;

  /** Part of the lease, from its end, in which nothing is issued. */
  private static final long MARGIN = 10;

  private final SnowflakeNodeTable.Tenure tenure;
  private final Duration lease;
  private final long firstMillis;
  private final TsidFactory factory;
  private volatile Window window;
  private long renewed;
  private boolean revoked;

  /**
   * What may be issued now.
   *
   * @param offset time of ids, in nanoseconds since 1970, minus {@code nanoTime}
   * @param deadline in terms of {@code nanoTime}
   * @param ceiling the last millisecond
   */
  private record Window(long offset, long deadline, long ceiling) {}

  /**
   * What carries over from one lease of a process to its next.
   *
   * @param offset as in {@link Window}
   * @param lastMillis no issued id carries a later one
   */
  record IdClock(long offset, long lastMillis) {

    /** Of a process that has issued nothing: 1970 begins now, so the database's time is later. */
    static IdClock unset() {
      return new IdClock(-System.nanoTime(), 0);
    }

    /** Time of ids now. */
    long millis() {
      return (System.nanoTime() + offset) / NANOS_PER_MILLI;
    }
  }

  /**
   * Starts to issue.
   *
   * @param before what this process held before
   * @param asked {@code nanoTime} before the request
   * @param answered {@code nanoTime} after the answer
   */
  NodeLease(
      SnowflakeNodeTable.Taken taken, Duration lease, IdClock before, long asked, long answered) {
    this.tenure = taken.tenure();
    this.lease = lease;
    this.firstMillis = Math.max(taken.floor(), before.lastMillis()) + 1;
    this.renewed = asked;
    this.window =
        window(Math.max(before.offset(), offset(taken.micros(), answered)), asked, taken.ceiling());
    // The counter starts at 0, so that each millisecond has its 4,096 ids: the library's random
    // start would halve them.
    this.factory =
        TsidFactory.builder()
            .withNodeBits(SnowflakeIds.NODE_BITS)
            .withNode(tenure.id())
            .withCustomEpoch(SnowflakeIds.EPOCH)
            .withRandomFunction(() -> 0)
            .withTimeFunction(this::clock)
            .build();
  }

  SnowflakeNodeTable.Tenure tenure() {
    return tenure;
  }

  /**
   * A new id, or {@link #NONE}. When the counter of a millisecond is used up the library goes on in
   * the next one, ahead of time; its caller then waits for it.
   */
  long next() {
    long id = factory.create().toLong();
    long millis = SnowflakeIds.millisOf(id);
    while (true) {
      // Read after the id was made: either revoke() saw this id, or this sees the revocation. And
      // the clock after that: a pause in between counts.
      Window allowed = window;
      long now = System.nanoTime();
      if (now - allowed.deadline >= 0 || millis > allowed.ceiling) {
        return NONE;
      }
      long ahead = millis * NANOS_PER_MILLI - (now + allowed.offset);
      if (ahead <= 0) {
        return id;
      }
      if (ahead > SPIN_NANOS) {
        LockSupport.parkNanos(Math.min(ahead - SPIN_NANOS, NANOS_PER_MILLI)); // then look again
      } else {
        Thread.onSpinWait();
      }
    }
  }

  /** Time of ids now, in milliseconds since 1970. */
  long millis() {
    return (System.nanoTime() + window.offset) / NANOS_PER_MILLI;
  }

  /** In terms of {@code nanoTime}. */
  long deadline() {
    return window.deadline;
  }

  /** A renewal was committed. Nothing comes back to life that was revoked meanwhile. */
  synchronized void extend(SnowflakeNodeTable.Renewed by, long asked, long answered) {
    if (revoked) {
      return;
    }
    long slowest = window.offset - (asked - renewed) / SLOWDOWN;
    renewed = asked;
    window = window(Math.max(slowest, offset(by.micros(), answered)), asked, by.ceiling());
  }

  /**
   * Ends issuing at once and for ever.
   *
   * @return what the next lease starts from; no id that was or will be returned is later
   */
  synchronized IdClock revoke() {
    revoked = true;
    long offset = window.offset;
    window = new Window(offset, window.deadline, Long.MIN_VALUE);
    return new IdClock(offset, SnowflakeIds.millisOf(factory.create().toLong()));
  }

  /** The library's clock: it must not start at or below the ceiling that was found. */
  private long clock() {
    return Math.max(firstMillis, millis());
  }

  private Window window(long offset, long asked, long ceiling) {
    return new Window(
        offset,
        asked + lease.toNanos() / MARGIN * (MARGIN - 1),
        Math.min(ceiling, SnowflakeIds.LAST_MILLIS));
  }

  private static long offset(long micros, long answered) {
    return TimeUnit.MICROSECONDS.toNanos(micros) - answered;
  }
}
