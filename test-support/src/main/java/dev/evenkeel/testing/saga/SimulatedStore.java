package dev.evenkeel.testing.saga;

import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.saga.SagaSimulation.TransactionWork;
import dev.evenkeel.saga.SagaSimulation.Transactions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToIntBiFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The application's tables in a test of a saga: each row belongs to a slot, by its shard key, as
 * with {@code @Sharded}. What a step changes is taken back when its transaction is. A step that
 * touches a row of another slot than its own, or any row where it has no transaction, fails its
 * test. Outside of steps, as for filling the tables and for invariants, everything can be reached.
 *
 * <p>Rows are stored as JSON: what is read is a copy. Not thread-safe.
 */
public final class SimulatedStore {

  private static final PayloadCodec CODEC =
      new JsonPayloadCodec(JsonMapper.builder().findAndAddModules().build());

  /** A row. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the store
  record Stored(int slot, byte[] row) {}

  /** Where the rows are. */
  interface Rows {

    /** Of the current transaction; null when a test fills or judges. */
    @Nullable Integer slot();

    @Nullable Stored find(String table, String id);

    void save(String table, String id, Stored row);

    void delete(String table, String id);

    /** By their ids. */
    Map<String, Stored> all(String table);
  }

  private static final class MemoryRows implements Rows {

    private Map<String, Map<String, Stored>> tables = new TreeMap<>();
    private @Nullable Integer current;

    @Override
    public @Nullable Integer slot() {
      return current;
    }

    @Override
    public @Nullable Stored find(String table, String id) {
      return all(table).get(id);
    }

    @Override
    public void save(String table, String id, Stored row) {
      all(table).put(id, row);
    }

    @Override
    public void delete(String table, String id) {
      all(table).remove(id);
    }

    @Override
    public Map<String, Stored> all(String table) {
      return tables.computeIfAbsent(table, name -> new TreeMap<>());
    }

    boolean run(int slot, TransactionWork work) throws Exception {
      Integer outer = current;
      Map<String, Map<String, Stored>> before = new TreeMap<>();
      tables.forEach((name, rows) -> before.put(name, new TreeMap<>(rows)));
      boolean commits = false;
      current = slot;
      try {
        commits = work.call();
        return commits;
      } finally {
        current = outer;
        if (!commits) {
          tables = before;
        }
      }
    }
  }

  private final ToIntBiFunction<String, String> slots;
  private final Set<String> faults = new LinkedHashSet<>();
  private Rows rows = new MemoryRows();

  /** A store whose slots are found by the framework's hash, whatever the strategy. */
  public SimulatedStore() {
    this((strategy, key) -> SlotHash.slotOf(key));
  }

  /**
   * A store with strategies of the application's own.
   *
   * @param slots the slot of a strategy's key, 0 to 4,095
   */
  public SimulatedStore(ToIntBiFunction<String, String> slots) {
    this.slots = slots;
  }

  /**
   * A table; the same rows each time for the same name.
   *
   * @param row class of its rows, which JSON can write and read, such as a record
   * @param id what makes a row unique in the table; its text counts
   * @param shardKey what its slot is found by, with the strategy {@code hash}
   */
  public <K, R> SimulatedTable<K, R> table(
      String name, Class<R> row, Function<R, K> id, Function<R, String> shardKey) {
    return table(name, row, id, "hash", shardKey);
  }

  /**
   * A table with a strategy of the application's own.
   *
   * @param strategy as in {@code @Sharded.strategy}
   */
  public <K, R> SimulatedTable<K, R> table(
      String name, Class<R> row, Function<R, K> id, String strategy, Function<R, String> shardKey) {
    return new SimulatedTable<>(
        this, name, row, id, r -> slots.applyAsInt(strategy, shardKey.apply(r)));
  }

  // ---- for tables

  byte @Nullable [] find(String table, String id) {
    Stored stored = rows.find(table, id);
    if (stored == null) {
      requireTransaction(table, id);
      return null;
    }
    require(table, id, stored.slot());
    return stored.row();
  }

  void save(String table, String id, int slot, Object row) {
    Stored before = rows.find(table, id);
    if (before != null) {
      require(table, id, before.slot());
    }
    require(table, id, slot);
    rows.save(table, id, new Stored(slot, CODEC.encode(row)));
  }

  void delete(String table, String id) {
    if (find(table, id) != null) {
      rows.delete(table, id);
    }
  }

  /** Of the current transaction's slot only. */
  List<byte[]> all(String table) {
    requireTransaction(table, "all");
    List<byte[]> all = new ArrayList<>();
    Integer current = rows.slot();
    for (Stored stored : rows.all(table).values()) {
      if (current == null || current == stored.slot()) {
        all.add(stored.row());
      }
    }
    return all;
  }

  static <R> R read(byte[] row, Class<R> type) {
    return CODEC.decode(row, type);
  }

  private void require(String table, String id, int slot) {
    requireTransaction(table, id);
    Integer current = rows.slot();
    if (current != null && current != slot) {
      throw fault(
          "Row \"%s\" of table \"%s\" is on slot %d, and the step's transaction on slot %d: its shard key is another one"
              .formatted(id, table, slot, current));
    }
  }

  private void requireTransaction(String table, String id) {
    Integer current = rows.slot();
    if (current != null && current == Transactions.OUTSIDE) {
      throw fault(
          "Row \"%s\" of table \"%s\" was touched outside a transaction, by an external step"
              .formatted(id, table));
    }
  }

  private synchronized IllegalStateException fault(String fault) {
    faults.add(fault);
    return new IllegalStateException(fault);
  }

  // ---- for the kit

  static PayloadCodec codec() {
    return CODEC;
  }

  /** What no step may do, whether or not it has noticed. */
  synchronized List<String> faults() {
    return List.copyOf(faults);
  }

  int slotOf(String strategy, String key) {
    return slots.applyAsInt(strategy, key);
  }

  /** Has its rows elsewhere from now on. */
  void moveTo(Rows elsewhere) {
    if (rows instanceof MemoryRows memory) {
      memory.tables.forEach(
          (table, stored) -> stored.forEach((id, row) -> elsewhere.save(table, id, row)));
    }
    rows = elsewhere;
  }

  Transactions transactions() {
    if (!(rows instanceof MemoryRows memory)) {
      throw new IllegalStateException("Its rows are in a database");
    }
    return new Transactions() {
      @Override
      public int slotOf(String strategy, String key) {
        return SimulatedStore.this.slotOf(strategy, key);
      }

      @Override
      public boolean run(int slot, TransactionWork work) throws Exception {
        return memory.run(slot, work);
      }
    };
  }
}
