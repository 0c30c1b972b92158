package dev.evenkeel.bench;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.spi.SagaShards;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** Databases as shards without a slot map: slot modulo their number. */
final class EngineShards implements SagaShards {

  /** Shard keys to choose from, for each shard. */
  private static final int KEYS = 64;

  private final ThreadLocal<@Nullable Integer> bound = new ThreadLocal<>();
  private final List<TransactionTarget> targets = new ArrayList<>();
  private final List<JdbcTemplate> templates = new ArrayList<>();
  private final List<List<String>> keys = new ArrayList<>();

  EngineShards(List<? extends DataSource> databases) {
    for (DataSource database : databases) {
      targets.add(
          new TransactionTarget(
              "shard-" + targets.size(), database, new JdbcTransactionManager(database)));
      templates.add(new JdbcTemplate(database));
      keys.add(new ArrayList<>());
    }
    for (int n = 0; keys.stream().anyMatch(own -> own.size() < KEYS); n++) {
      String key = "account-" + n;
      keys.get(SlotHash.slotOf(key) % databases.size()).add(key);
    }
  }

  /** One of the shard's keys, the same for the same number. */
  String key(int shard, long number) {
    List<String> own = keys.get(shard);
    return own.get((int) (number % own.size()));
  }

  int count() {
    return targets.size();
  }

  /** Joins the transaction of the key's shard. */
  JdbcTemplate jdbc(String key) {
    return templates.get(SlotHash.slotOf(key) % targets.size());
  }

  /** The slot of the transaction that {@link #target} began. */
  TransactionSlot transactionSlot() {
    return targets.size() == 1 ? TransactionSlot.NONE : bound::get;
  }

  @Override
  public List<String> names() {
    return targets.stream().map(TransactionTarget::name).toList();
  }

  @Override
  public int slotOf(String strategy, String key) {
    return SlotHash.slotOf(key);
  }

  @Override
  public String shardOf(int slot) {
    return targets.get(slot % targets.size()).name();
  }

  @Override
  public TransactionTarget target(int slot, String key) {
    TransactionTarget target = targets.get(slot % targets.size());
    return new TransactionTarget(
        target.name(),
        slot,
        target.dataSource(),
        target.transactional(),
        target.transactionManager(),
        new BoundTo(slot));
  }

  @Override
  public DataSource dataSource(String shard) {
    return targets.get(names().indexOf(shard)).dataSource();
  }

  @Override
  public boolean isUp(String shard) {
    return true;
  }

  private final class BoundTo implements TransactionTarget.Scope {

    private final int slot;

    BoundTo(int slot) {
      this.slot = slot;
    }

    @Override
    public <T extends @Nullable Object> T call(Supplier<T> work) {
      Integer before = bound.get();
      bound.set(slot);
      try {
        return work.get();
      } finally {
        bound.set(before);
      }
    }
  }
}
