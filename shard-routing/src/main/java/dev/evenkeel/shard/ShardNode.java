package dev.evenkeel.shard;

import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.SessionNames;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process among those that share the slot map: keeps a copy of the map, and tells the
 * catalogue under a lease which version it makes new scopes from.
 *
 * <p>One thread looks at the map's version every {@link #LOOK} and adopts what changed, so a change
 * reaches the routing well within a second. The lease is renewed each second, and at once when a
 * version was adopted. While the catalogue is away the node routes by the map that it has. Whoever
 * moves slots, a later piece of work, has to wait for every living node's confirmation and for the
 * scopes that were made before it, to end the sessions of nodes past their lease, which carry
 * {@link #sessionName}, and to fence the slot in its database, because such a node can come back.
 * Thread-safe.
 */
public final class ShardNode implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ShardNode.class);

  /** How often the map's version is looked at. */
  static final Duration LOOK = Duration.ofMillis(250);

  /** How long a node counts as living after its last word. */
  static final Duration LEASE = Duration.ofSeconds(5);

  private static final Duration RENEW = Duration.ofSeconds(1);
  private static final Duration FORGET = Duration.ofHours(1);
  private static final int TAG_BYTES = 8;

  private final String name;
  private final String tag;
  private final String schema;
  private final boolean relays;
  private final DataSource catalogueDataSource;
  private final SlotCatalogue catalogue;
  private final NodeTable table;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread t = new Thread(task, "evenkeel-slot-map");
            t.setDaemon(true);
            return t;
          });
  private final AtomicBoolean started = new AtomicBoolean();
  private volatile @Nullable SlotMap map;
  private volatile Set<String> relaying = Set.of();
  private volatile @Nullable String trouble;
  private boolean closed;
  private long renewedAt;
  private long confirmed = -1;

  /**
   * Makes a node; nothing happens before {@link #start()}.
   *
   * @param name of this process, unique
   * @param tag short and unique, for session names
   * @param relays whether this process runs relays
   * @param catalogue the catalogue shard itself
   */
  public ShardNode(String name, String tag, boolean relays, DataSource catalogue, String schema) {
    this.name = name;
    this.tag = tag;
    this.relays = relays;
    this.schema = schema;
    this.catalogueDataSource = catalogue;
    this.catalogue = new SlotCatalogue(catalogue, schema);
    this.table = new NodeTable(schema);
  }

  /** A tag that no other process has. */
  public static String newTag() {
    return Long.toHexString(java.util.UUID.randomUUID().getMostSignificantBits())
        .substring(0, TAG_BYTES);
  }

  /** The {@code application_name} that this process's sessions on shards carry. */
  public static String sessionName(String schema, String tag) {
    return SessionNames.prefix(schema) + "node-" + tag;
  }

  /** Loads the map, if the catalogue answers, and keeps it fresh from now on. Idempotent. */
  public void start() {
    if (started.getAndSet(true)) {
      return;
    }
    look();
    thread.scheduleWithFixedDelay(
        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * The map this node routes by.
   *
   * @throws ShardUnavailableException before the catalogue has answered for the first time
   */
  public SlotMap map() {
    SlotMap current = map;
    if (current == null) {
      throw new ShardUnavailableException(
          "The slot map is not known yet, because the catalogue does not answer: " + trouble, null);
    }
    return current;
  }

  /** Whether the map is known. */
  public boolean isReady() {
    return map != null;
  }

  /** Names of the living nodes that run relays, as last seen; a second or so old. */
  public Set<String> relayingNodes() {
    return relaying;
  }

  /** What keeps this node from the catalogue; null when nothing does. */
  public @Nullable String trouble() {
    return trouble;
  }

  /** Loads at once, for whoever has just initialized the map. */
  public synchronized void refresh() {
    if (closed) {
      return; // a renewal now would undo the leaving
    }
    SlotMap known = map;
    SlotMap fresh = catalogue.refresh(known);
    if (known == null || fresh.version() != known.version()) {
      map = fresh;
      log.info("Routing by {}", fresh);
    }
    confirm(fresh.version());
  }

  private void look() {
    try {
      refresh();
      if (trouble != null) {
        log.info("The catalogue answers again");
        trouble = null;
      }
    } catch (RuntimeException | Error e) { // a periodic task that throws never runs again
      if (trouble == null) {
        log.warn(
            "The slot map can't be refreshed, or this node's lease not renewed; routing goes on by what is known: {}",
            e.getMessage());
      }
      trouble = String.valueOf(e.getMessage());
    }
  }

  private void confirm(long version) {
    long now = System.nanoTime();
    boolean due = confirmed < 0 || now - renewedAt >= RENEW.toNanos();
    if (version == confirmed && !due) {
      return;
    }
    relaying =
        Set.copyOf(
            ProtocolTransaction.inTransaction(
                catalogueDataSource,
                "Renewing the node's lease",
                c -> {
                  if (confirmed < 0) {
                    table.forgetDead(c, FORGET);
                  }
                  table.renew(c, name, tag, relays, LEASE, version);
                  return table.relaying(c);
                }));
    confirmed = version;
    renewedAt = now;
  }

  /** Leaves: the others need not wait for the lease to end. */
  @Override
  public synchronized void close() {
    closed = true;
    thread.shutdownNow();
    try {
      ProtocolTransaction.inTransaction(
          catalogueDataSource,
          "Leaving",
          c -> {
            table.leave(c, tag);
            return tag;
          });
    } catch (RuntimeException e) {
      log.debug("The node could not say that it leaves; its lease will end", e);
    }
  }

  @Override
  public String toString() {
    return "node %s (%s) of schema %s".formatted(name, tag, schema);
  }
}
