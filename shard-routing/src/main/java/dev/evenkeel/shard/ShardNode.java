package dev.evenkeel.shard;

import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.SessionNames;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process among those that share the slot map: keeps a copy of the map, and tells the
 * catalogue under a lease which version it routes by.
 *
 * <p>One thread looks at the map's version every {@link #LOOK} and adopts what changed, so a change
 * reaches the routing well within a second. The lease is renewed each second, and at once when a
 * version was adopted. While the catalogue is away the node routes by the map that it has: a slot
 * moves only after every living node has confirmed, and after the sessions of those past their
 * lease, which carry {@link #sessionName}, were ended. Thread-safe.
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
  private volatile @Nullable SlotMap map;
  private volatile Set<String> relaying = Set.of();
  private volatile @Nullable String trouble;
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

  /** Loads the map, if the catalogue answers, and keeps it fresh from now on. */
  public void start() {
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
    } catch (RuntimeException e) {
      if (trouble == null) {
        log.warn(
            "The catalogue can't be read; routing goes on by what is known: {}", e.getMessage());
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
                  table.renew(c, name, tag, relays, LEASE, version);
                  if (confirmed < 0) {
                    table.forgetDead(c, FORGET);
                  }
                  return table.relaying(c);
                }));
    confirmed = version;
    renewedAt = now;
  }

  /** Leaves: the others need not wait for the lease to end. */
  @Override
  public void close() {
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
