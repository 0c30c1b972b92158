package dev.evenkeel.saga;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * Real databases as shards {@code s0}, {@code s1}, …, and nodes on them. The shard of a key that is
 * such a name followed by anything is that shard; other keys are hashed.
 */
final class SagaWorld implements AutoCloseable {

  static final String SCHEMA = "evenkeel";
  private static final ThreadLocal<@Nullable Integer> SLOT = new ThreadLocal<>();

  /** One database. */
  record Shard(
      String name,
      DatabaseInfo info,
      HikariDataSource pool,
      JdbcTransactionManager transactions,
      JdbcTemplate jdbc) {}

  private final List<Shard> shards = new ArrayList<>();
  private final List<SagaEngine> engines = new ArrayList<>();
  private final Map<String, Boolean> down = new ConcurrentHashMap<>();
  private SagaParticipants participants = SagaParticipants.NONE;
  private Set<String> remoteParticipants = Set.of();
  private volatile Duration ahead = Duration.ZERO;
  private UnaryOperator<DataSource> decorate = UnaryOperator.identity();
  private final List<Wire> wires = new ArrayList<>();
  private final Map<String, List<DataSource>> seen = new ConcurrentHashMap<>();

  SagaWorld(int count) {
    Awaitility.setDefaultPollInterval(Duration.ofMillis(10));
    for (int i = 0; i < count; i++) {
      DatabaseInfo info = TestDatabase.shared().createDatabase();
      HikariDataSource pool = new HikariDataSource();
      pool.setJdbcUrl(info.jdbcUrl());
      pool.setUsername(info.username());
      pool.setPassword(info.password());
      pool.setMaximumPoolSize(16);
      pool.setMinimumIdle(0);
      new SchemaMigration(SCHEMA).migrate(pool);
      Shard shard =
          new Shard("s" + i, info, pool, new JdbcTransactionManager(pool), new JdbcTemplate(pool));
      shard
          .jdbc()
          .execute(
              "CREATE TABLE effect (saga uuid, step text, item int, at timestamptz DEFAULT clock_timestamp())");
      shards.add(shard);
    }
  }

  /** The participants that nodes made from now on have, and those of them they send messages to. */
  void participants(SagaParticipants local, String... remote) {
    participants = local;
    remoteParticipants = Set.of(remote);
  }

  /** What engines see from now on in place of the pools. */
  void decorate(UnaryOperator<DataSource> with) {
    decorate = with;
  }

  /** Nodes that are made from now on have sessions of their own, which pass the wire. */
  Wire wire() {
    Wire wire = new Wire();
    wires.add(wire);
    decorate(pool -> wire.over(pool, nameOf(pool)));
    return wire;
  }

  private String nameOf(DataSource pool) {
    return shards.stream().filter(s -> s.pool() == pool).findFirst().orElseThrow().name();
  }

  Shard shard(int number) {
    return shards.get(number);
  }

  JdbcTemplate jdbc(int number) {
    return shards.get(number).jdbc();
  }

  void down(int number, boolean isDown) {
    down.put("s" + number, isDown);
  }

  /** Virtual time goes on. */
  void pass(Duration time) {
    ahead = ahead.plus(time);
  }

  SagaShards sagaShards() {
    Map<String, TransactionTarget> targets = new ConcurrentHashMap<>();
    for (Shard shard : shards) {
      DataSource own = decorate.apply(shard.pool());
      seen.computeIfAbsent(shard.name(), name -> new CopyOnWriteArrayList<>()).add(own);
      targets.put(
          shard.name(),
          new TransactionTarget(
              shard.name(),
              0,
              own,
              own,
              new JdbcTransactionManager(own),
              TransactionTarget.Scope.NONE));
    }
    return new SagaShards() {
      @Override
      public List<String> names() {
        return shards.stream().map(Shard::name).toList();
      }

      @Override
      public int slotOf(String strategy, String key) {
        return SagaWorld.this.slotOf(key);
      }

      @Override
      public String shardOf(int slot) {
        return "s" + slot % shards.size();
      }

      @Override
      public TransactionTarget target(int slot, String key) {
        TransactionTarget target = targets.get(shardOf(slot));
        return new TransactionTarget(
            target.name(),
            slot,
            target.dataSource(),
            target.transactional(),
            target.transactionManager(),
            new TransactionTarget.Scope() {
              @Override
              public <T extends @Nullable Object> T call(Supplier<T> work) {
                Integer before = SLOT.get();
                SLOT.set(slot);
                try {
                  return work.get();
                } finally {
                  SLOT.set(before);
                }
              }
            });
      }

      @Override
      public DataSource dataSource(String shard) {
        return targets.get(shard).dataSource();
      }

      @Override
      public boolean isUp(String shard) {
        return !down.getOrDefault(shard, false);
      }
    };
  }

  int slotOf(String key) {
    int slot = SlotHash.slotOf(key);
    if (key.matches("s[0-9].*")) {
      int wanted = key.charAt(1) - '0';
      slot = (slot - slot % shards.size() + wanted) % SlotHash.SLOTS;
    }
    return slot;
  }

  SagaOptions options(String node) {
    SagaOptions d = SagaOptions.defaults(SCHEMA, node);
    return new SagaOptions(
        SCHEMA,
        node,
        "test",
        remoteParticipants,
        8,
        d.maxActive(),
        Duration.ofSeconds(1),
        Duration.ofMillis(20),
        3,
        d.retention(),
        d.keyRetention(),
        d.signalRetention(),
        d.maxPayloadBytes(),
        true);
  }

  SagaEngine node(String name, SagaDefinition... definitions) {
    return node(options(name), SagaObserver.NONE, definitions);
  }

  SagaEngine node(SagaOptions options, SagaObserver observer, SagaDefinition... definitions) {
    SagaEngine engine =
        new SagaEngine(
            options,
            SagaDefinitions.of(List.of(definitions)),
            new SagaEngine.Context(
                sagaShards(),
                participants,
                MessageObserver.NONE,
                shards.size() == 1 ? TransactionSlot.NONE : SLOT::get,
                new JsonPayloadCodec(JsonMapper.builder().findAndAddModules().build()),
                List.of(),
                List.of(),
                observer,
                () -> ahead));
    engines.add(engine);
    return engine;
  }

  /** Everything that is stored, as somebody knows it who has it all. */
  static InstanceTable.Runnables definitions(Connection c) throws SQLException {
    Map<SagaDefinitions.Id, Instant> recorded = new DefinitionTable(SCHEMA).recorded(c);
    return new InstanceTable.Runnables(
        recorded.keySet().stream().map(SagaDefinitions.Id::saga).toList(),
        recorded.keySet().stream().map(SagaDefinitions.Id::version).toList(),
        List.copyOf(recorded.values()),
        List.of());
  }

  /** Starts and waits until instances can be the node's own. */
  SagaEngine start(SagaEngine engine) {
    engine.start();
    Awaitility.await().until(() -> engine.homes().values().stream().allMatch(HomeShard::isJoined));
    return engine;
  }

  /** A transaction of the command's home slot. */
  <T> T inTransaction(SagaEngine engine, String key, Supplier<T> work) {
    TransactionTarget target = engine.shards().target(slotOf(key), key);
    return target
        .scope()
        .call(() -> new TransactionTemplate(target.transactionManager()).execute(s -> work.get()));
  }

  static void awaitState(SagaEngine engine, UUID id, SagaState state) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(
            () ->
                org.assertj.core.api.Assertions.assertThat(engine.status(id))
                    .get()
                    .extracting(SagaStatus::state)
                    .isEqualTo(state));
  }

  /** Steps that took effect, undone ones with a minus, as the application's own table has it. */
  List<String> effects(int shard, UUID saga) {
    return jdbc(shard)
        .queryForList("SELECT step FROM effect WHERE saga = ? ORDER BY at", String.class, saga);
  }

  long effectCount(int shard) {
    return jdbc(shard).queryForObject("SELECT count(*) FROM effect", Long.class);
  }

  void effect(int shard, UUID saga, String step) {
    new JdbcTemplate(transactional(shard))
        .update("INSERT INTO effect (saga, step) VALUES (?, ?)", saga, step);
  }

  /** The data source whose transaction on that shard this thread is in. */
  DataSource transactional(int shard) {
    return seen.getOrDefault("s" + shard, List.of()).stream()
        .filter(TransactionSynchronizationManager::hasResource)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("There is no transaction on s" + shard));
  }

  /** As new: nodes are gone, and what they wrote. */
  void clear() {
    endNodes();
    decorate = UnaryOperator.identity();
    participants(SagaParticipants.NONE);
    ahead = Duration.ZERO;
    down.clear();
    for (Shard shard : shards) {
      shard
          .jdbc()
          .execute(
              "TRUNCATE effect, evenkeel.outbox, evenkeel.saga_key, evenkeel.saga_instance,"
                  + " evenkeel.saga_wake, evenkeel.saga_event, evenkeel.saga_timer,"
                  + " evenkeel.saga_node, evenkeel.saga_step, evenkeel.saga_call,"
                  + " evenkeel.saga_lock, evenkeel.saga_definition, evenkeel.saga_action");
    }
  }

  private void endNodes() {
    wires.forEach(Wire::thaw);
    engines.forEach(SagaEngine::stop);
    wires.forEach(Wire::close);
    engines.clear();
    wires.clear();
  }

  @Override
  public void close() {
    endNodes();
    for (Shard shard : shards) {
      shard.pool().close();
      TestDatabase.shared().dropDatabase(shard.info());
    }
  }
}
