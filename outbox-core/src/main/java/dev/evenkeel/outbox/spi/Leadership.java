package dev.evenkeel.outbox.spi;

/**
 * One term of a relay's leadership, as a transport sees it; or one assignment of a partition, as
 * its deliveries do. Thread-safe.
 */
public interface Leadership {

  /** The installation whose relay leads: the shard's name, or {@code home} without shards. */
  default String installation() {
    return "home";
  }

  /** The term's number; each new leader has a higher one. Parking checks it in the database. */
  long epoch();

  /** What parking and releasing compare with the database. */
  default Fence fence() {
    return Fence.relay(epoch());
  }

  /** The database knows a later term: whoever holds this one is to let go, if it has not yet. */
  default void fencedOut() {}

  /**
   * Whether this process may start another delivery: its lease has not run out by its own monotonic
   * clock and the term has not ended. Asked before each dispatch.
   */
  boolean mayDispatch();
}
