package dev.evenkeel.outbox.spi;

/** One term of a relay's leadership, as a transport sees it. Thread-safe. */
public interface Leadership {

  /** The term's number; each new leader has a higher one. Parking checks it in the database. */
  long epoch();

  /**
   * Whether this process may start another delivery: its lease has not run out by its own monotonic
   * clock and the term has not ended. Asked before each dispatch.
   */
  boolean mayDispatch();
}
