package dev.evenkeel.shard;

import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.SlotHash;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The slot map at its source, on the catalogue shard. Every change is one transaction that locks
 * the map's row and takes the next version, so that a node which knows version n asks only for what
 * is later. Thread-safe; call it outside a transaction.
 */
public final class SlotCatalogue {

  private static final Logger log = LoggerFactory.getLogger(SlotCatalogue.class);

  /** Nodes keep all assignments in memory. */
  static final int MAX_ASSIGNMENTS = 100_000;

  private static final int MAX_SHARDS = 1_024;

  private final DataSource catalogue;
  private final SlotMapTable table;

  /**
   * Makes the catalogue.
   *
   * @param catalogue the catalogue shard itself, not the routing data source
   */
  public SlotCatalogue(DataSource catalogue, String schema) {
    this.catalogue = catalogue;
    this.table = new SlotMapTable(schema);
  }

  /** How the keys of a named strategy are assigned. */
  public enum Assignments {
    /** One key, one slot. */
    DIRECTORY,
    /** Ranges of texts, compared by their UTF-16 characters. */
    TEXT_RANGE,
    /** Ranges of whole numbers of 64 bits. */
    NUMBER_RANGE
  }

  /** A slot that should move. */
  public record Move(int slot, String from, String to) {}

  /**
   * Registers shards that are new, and deals the slots out evenly when there is no map yet. Many
   * processes may do so at once.
   *
   * @param own name of the catalogue shard: a database that is another one is left as it is
   * @param shards the configured shards
   * @throws IllegalStateException when the database is another shard, or the map knows a shard that
   *     is not configured and has slots
   */
  public void initialize(String own, List<String> shards) {
    List<String> configured = shards.stream().sorted().toList();
    ProtocolTransaction.inTransaction(
        catalogue,
        "Initializing the slot map",
        c -> {
          SlotMapTable.Head head = table.lock(c);
          Map<String, Integer> known = new TreeMap<>(table.shards(c));
          boolean fresh = !table.hasSlots(c);
          requireCatalogue(own, table.identity(c), head, fresh);
          boolean changed = fresh;
          for (String shard : configured) {
            if (!known.containsKey(shard)) {
              int ordinal = known.values().stream().max(Integer::compare).map(o -> o + 1).orElse(0);
              requireOrdinal(ordinal);
              table.insertShard(c, shard, ordinal);
              known.put(shard, ordinal);
              changed = true;
            }
          }
          long version = head.version() + 1;
          if (fresh) {
            table.insertSlots(c, configured, version);
            log.info("Dealt out {} slots to {}", SlotHash.SLOTS, configured);
          }
          if (changed) {
            table.setVersion(c, version);
          }
          requireConfigured(configured, read(c, null));
          return changed;
        });
  }

  private static void requireConfigured(List<String> configured, SlotMap map) {
    Map<String, Integer> orphans = new TreeMap<>(map.slotsByShard());
    orphans.keySet().removeAll(configured);
    orphans.values().removeIf(slots -> slots == 0);
    if (!orphans.isEmpty()) {
      throw new IllegalStateException(
          "The slot map has slots on %s, which evenkeel.shards does not configure; add their URLs"
              .formatted(orphans.keySet()));
    }
  }

  private static void requireCatalogue(
      String own, SlotMapTable.@Nullable Identity identity, SlotMapTable.Head head, boolean fresh) {
    if (identity == null) {
      return;
    }
    if (!identity.name().equals(own)) {
      throw new IllegalStateException(
          "evenkeel.shards.%s.url leads to a database that is shard \"%s\"; correct the URL, or evenkeel.catalogue"
              .formatted(own, identity.name()));
    }
    if (fresh || !identity.mapId().equals(head.id())) {
      throw new IllegalStateException(
          "evenkeel.catalogue is \"%s\", but that shard belongs to the slot map %s, which another shard holds; correct evenkeel.catalogue"
              .formatted(own, identity.mapId()));
    }
  }

  private static void requireOrdinal(int ordinal) {
    if (ordinal >= MAX_SHARDS) {
      throw new IllegalStateException(
          "A slot map knows at most %d shards over its life".formatted(MAX_SHARDS));
    }
  }

  /** The whole map. */
  public SlotMap load() {
    return refresh(null);
  }

  /**
   * The map as it is now.
   *
   * @param known what the caller has; only what changed since is read
   * @throws IllegalStateException when the catalogue holds another map, or an older one, than the
   *     caller's: the database was exchanged or restored
   */
  SlotMap refresh(@Nullable SlotMap known) {
    return ProtocolTransaction.inTransaction(
        catalogue,
        "Reading the slot map",
        c -> {
          SlotMapTable.Head head = table.head(c);
          if (known != null) {
            requireSame(head, known);
            if (head.version() == known.version()) {
              return known;
            }
          }
          return read(c, known);
        });
  }

  private static void requireSame(SlotMapTable.Head head, SlotMap known) {
    if (!head.id().equals(known.id()) || head.version() < known.version()) {
      throw new IllegalStateException(
          "The catalogue holds slot map %s version %d, and this node knows %s version %d: the database was exchanged or restored; restart the nodes once it is right"
              .formatted(head.id(), head.version(), known.id(), known.version()));
    }
  }

  /** Under the share of the map's row that keeps it from changing between the statements. */
  private SlotMap read(Connection c, @Nullable SlotMap known) throws SQLException {
    SlotMapTable.Head head = table.share(c);
    SlotMap base = known == null ? SlotMap.empty(head.id()) : known;
    return base.with(
        head.version(),
        table.shards(c),
        table.slotsSince(c, base.version()),
        table.assignmentsSince(c, base.version()),
        table.strategies(c));
  }

  /**
   * Checks that a database is the shard that the configuration says it is, and tells it so the
   * first time.
   *
   * @param map the map that the shard belongs to
   * @throws IllegalStateException when it is another shard, or one of another map
   */
  public void identify(DataSource database, String name, SlotMap map) {
    SlotMapTable.Identity claimed = new SlotMapTable.Identity(name, map.id());
    SlotMapTable.Identity found =
        ProtocolTransaction.inTransaction(
            database, "Identifying shard \"" + name + "\"", c -> table.identify(c, claimed));
    if (!found.equals(claimed)) {
      throw new IllegalStateException(
          "evenkeel.shards.%s.url leads to a database that is shard \"%s\" of slot map %s, and not shard \"%s\" of slot map %s; correct the URL"
              .formatted(name, found.name(), found.mapId(), name, map.id()));
    }
  }

  /**
   * Makes sure that no proposal takes a slot elsewhere, such as the slot of a hot tenant that was
   * given a shard of its own; or lifts that.
   *
   * @throws IllegalStateException while the slot moves
   */
  public void pin(int slot, boolean pinned) {
    requireSlot(slot);
    change(
        "Pinning slot " + slot,
        (c, version) -> {
          if (!table.pin(c, slot, pinned, version)) {
            throw new IllegalStateException("Slot %d is moving; pin it afterwards".formatted(slot));
          }
        });
  }

  /** Names a strategy; idempotent. */
  public void createStrategy(String name, Assignments kind) {
    if (name.isBlank() || name.equals(SlotStrategy.HASH) || name.equals(SlotStrategy.CARRIED)) {
      throw new IllegalArgumentException(
          "A strategy needs a name other than \"%s\" and \"%s\", was \"%s\""
              .formatted(SlotStrategy.HASH, SlotStrategy.CARRIED, name));
    }
    change(
        "Creating strategy " + name,
        (c, version) -> {
          Assignments present = table.strategies(c).get(name);
          if (present == null) {
            table.insertStrategy(c, name, kind);
          } else if (present != kind) {
            throw new IllegalArgumentException(
                "Strategy \"%s\" is of kind %s and stays so, not %s"
                    .formatted(name, present, kind));
          }
        });
  }

  /**
   * Gives a key of a directory its slot, for ever.
   *
   * @throws ShardKeyException when the key has one
   */
  public void assign(String strategy, String key, int slot) {
    assign(new KeyAssignments.Row(strategy, key, null, slot));
  }

  /**
   * Gives a range of keys its slot, for ever.
   *
   * @param lower first key of the range
   * @param upper first key beyond it
   * @throws ShardKeyException when the range overlaps with another
   */
  public void assignRange(String strategy, String lower, String upper, int slot) {
    assign(new KeyAssignments.Row(strategy, lower, upper, slot));
  }

  private void assign(KeyAssignments.Row row) {
    requireSlot(row.slot());
    change(
        "Assigning a key of strategy " + row.strategy(),
        (c, version) -> {
          KeyAssignments present = read(c, null).assignments(row.strategy());
          if (present == null) {
            throw new ShardKeyException(
                "Strategy \"%s\" does not exist; create it first".formatted(row.strategy()));
          }
          if (present.size() >= MAX_ASSIGNMENTS) {
            throw new ShardKeyException(
                "Strategy \"%s\" has %d assignments, the most that nodes keep in memory"
                    .formatted(row.strategy(), MAX_ASSIGNMENTS));
          }
          present.requireAssignable(row);
          table.insertAssignment(c, row, version);
        });
  }

  private static void requireSlot(int slot) {
    if (slot < 0 || slot >= SlotHash.SLOTS) {
      throw new IllegalArgumentException(
          "slot must be between 0 and %d, was %d".formatted(SlotHash.SLOTS - 1, slot));
    }
  }

  private interface Change {
    void make(Connection c, long version) throws SQLException;
  }

  private void change(String what, Change change) {
    ProtocolTransaction.inTransaction(
        catalogue,
        what,
        c -> {
          long version = table.lock(c).version() + 1;
          change.make(c, version);
          table.setVersion(c, version);
          return version;
        });
  }
}
