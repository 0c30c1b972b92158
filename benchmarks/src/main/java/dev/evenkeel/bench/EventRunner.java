package dev.evenkeel.bench;

import java.time.Duration;
import org.HdrHistogram.Histogram;

/** Runs one outbox on database after database; one at a time, by one thread. */
interface EventRunner extends AutoCloseable {

  /** Writers in a closed loop, until all is handled. */
  EndToEnd endToEnd(BenchDatabase database, Duration duration) throws Exception;

  /**
   * Begins to write orders at a pace.
   *
   * @param duration until the last is written
   */
  Paced pace(BenchDatabase database, Pace pace, Duration duration) throws Exception;

  @Override
  void close() throws Exception;

  /** Orders that are written at a pace, whatever becomes of them; closing ends the outbox. */
  interface Paced extends AutoCloseable {

    /** Nanoseconds from commit to handler, of all orders that are handled so far. */
    Histogram delays() throws Exception;

    /** Waits until all orders are written and handled. */
    void drain() throws Exception;

    @Override
    void close() throws Exception;
  }
}
