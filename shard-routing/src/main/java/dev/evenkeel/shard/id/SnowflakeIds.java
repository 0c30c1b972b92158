package dev.evenkeel.shard.id;

import java.time.Instant;
import java.util.OptionalInt;
import javax.sql.DataSource;

/**
 * Numbers of 63 bits that sort by time: 41 bits of milliseconds since {@link #EPOCH}, 10 bits of a
 * node id, 12 bits of a counter. No id is ever issued twice, whatever clocks and processes do; the
 * package says how. At most 4,096 per millisecond and process: whoever is faster waits.
 *
 * <p>A node id is leased with the first call of {@link #next()}; a call needs the database only
 * while none is held. One instance per process and catalogue. Any thread may call; a transaction
 * makes no difference.
 */
public final class SnowflakeIds implements AutoCloseable {

  /** Where ids count from, for ever; they last until September 2095. */
  public static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

  static final int NODE_BITS = 10;
  private static final int COUNTER_BITS = 12;
  private static final int TIME_BITS = 41;
  private static final long EPOCH_MILLIS = EPOCH.toEpochMilli();

  /** The first millisecond that an id can carry, since 1970. */
  static final long FIRST_MILLIS = EPOCH_MILLIS;

  /** The last one. */
  static final long LAST_MILLIS = EPOCH_MILLIS + (1L << TIME_BITS) - 1;

  private final SnowflakeOptions options;
  private final NodeKeeper keeper;

  /**
   * Makes a generator; the database is not asked before the first id.
   *
   * @param catalogue the database that holds {@code snowflake_node} for all
   */
  public SnowflakeIds(DataSource catalogue, SnowflakeOptions options) {
    this.options = options;
    this.keeper = new NodeKeeper(new SnowflakeNodeTable(catalogue, options.schema()), options);
  }

  /**
   * A new id, later than every one that the calling thread was given before.
   *
   * @throws IdsUnavailableException if no node id was held for as long as a caller may wait,
   *     because the database fails or has none free; later calls recover by themselves
   */
  public long next() {
    NodeLease lease = keeper.held();
    long id = lease == null ? NodeLease.NONE : lease.next();
    return id == NodeLease.NONE ? await() : id;
  }

  /** The node id that is held; empty before the first id and while there is none. */
  public OptionalInt nodeId() {
    NodeLease lease = keeper.held();
    return lease == null ? OptionalInt.empty() : OptionalInt.of(lease.tenure().id());
  }

  /** When an id was issued, to the millisecond, by the database's clock. */
  public static Instant instantOf(long id) {
    return Instant.ofEpochMilli(millisOf(id));
  }

  /** The node id that an id carries, 0 to 1,023. */
  public static int nodeOf(long id) {
    return (int) (id >>> COUNTER_BITS) & ((1 << NODE_BITS) - 1);
  }

  static long millisOf(long id) {
    return EPOCH_MILLIS + (id >>> (NODE_BITS + COUNTER_BITS));
  }

  private long await() {
    long left = options.maxWait().toNanos();
    do {
      long looks = keeper.looks(); // before the lease: what changes in between ends the wait
      NodeLease lease = keeper.held();
      long id = lease == null ? NodeLease.NONE : lease.next();
      if (id != NodeLease.NONE) {
        return id;
      }
      left = await(looks, left);
    } while (left > 0);
    throw keeper.unavailable();
  }

  private long await(long looks, long nanos) {
    try {
      return keeper.await(looks, nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      IdsUnavailableException unavailable = keeper.unavailable();
      unavailable.addSuppressed(e);
      throw unavailable;
    }
  }

  /** Issues nothing more and gives the node id back. Idempotent. */
  @Override
  public void close() {
    keeper.close();
  }
}
