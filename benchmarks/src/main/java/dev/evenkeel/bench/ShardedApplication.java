package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.shard.RoutedTransactions;
import dev.evenkeel.shard.RoutingDataSource;
import dev.evenkeel.shard.RoutingShardTransactions;
import dev.evenkeel.shard.ShardDatabase;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.Sharded;
import dev.evenkeel.shard.ShardedAdvisor;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.shard.SlotCatalogue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.annotation.Transactional;

/**
 * Routed transactions over fresh databases, wired as an application without Spring Boot would do
 * it. The first database holds the slot map, too.
 */
final class ShardedApplication implements AutoCloseable {

  static final String SCHEMA = "evenkeel";

  /** What the node needs beside the writers. */
  private static final int SPARE_CONNECTIONS = 2;

  private static final Duration FAN_OUT_TIMEOUT = Duration.ofSeconds(5);

  private final List<BenchDatabase> databases;
  private final List<HikariDataSource> pools = new ArrayList<>();
  private final ShardNode node;
  private final ShardRouter router;
  private final JdbcTemplate jdbc;
  private final JdbcTransactionManager transactions;
  private final RoutingShardTransactions shardTransactions;

  /**
   * Makes tables and slot map, and lets the shards take transactions.
   *
   * @param writers threads that may write at the same time; each shard's pool has room for all
   */
  ShardedApplication(List<BenchDatabase> databases, int writers) throws Exception {
    this.databases = List.copyOf(databases);
    List<ShardDatabase> members = new ArrayList<>();
    for (BenchDatabase database : databases) {
      HikariDataSource pool = database.pool(writers + SPARE_CONNECTIONS);
      pools.add(pool);
      database.execute(Tables.ORDERS);
      new SchemaMigration(SCHEMA).migrate(pool);
      members.add(new ShardDatabase("shard-" + pools.size(), pool, null));
    }
    SlotCatalogue catalogue = new SlotCatalogue(pool(), SCHEMA);
    catalogue.initialize(members.stream().map(ShardDatabase::name).toList());
    this.node = new ShardNode("bench", ShardNode.newTag(), false, pool(), SCHEMA);
    node.start();
    Shards shards = new Shards(members, name -> node.map().slotsByShard().getOrDefault(name, 0));
    members.forEach(
        member -> {
          catalogue.identify(member.primary(), member.name(), node.map());
          shards.up(member.name());
        });
    this.router = new ShardRouter(node::map, Map.of());
    RoutingDataSource routing = new RoutingDataSource(shards);
    this.jdbc = new JdbcTemplate(routing);
    this.transactions = new JdbcTransactionManager(routing);
    transactions.addListener(new RoutedTransactions(routing));
    this.shardTransactions =
        new RoutingShardTransactions(router, shards, () -> transactions, FAN_OUT_TIMEOUT);
  }

  /** The first shard's, without any routing. */
  DataSource pool() {
    return pools.get(0);
  }

  ShardRouter router() {
    return router;
  }

  /** Routed in code. */
  OrderWriter inCode() {
    return order -> shardTransactions.inShard(order.customer(), () -> Tables.insert(jdbc, order));
  }

  /** Routed by annotation. */
  OrderWriter byAnnotation() {
    return Proxies.transactional(new Orders(jdbc), transactions, new ShardedAdvisor(() -> router));
  }

  /** Empties the business table and lets every database settle. */
  void reset() throws Exception {
    for (BenchDatabase database : databases) {
      database.execute("TRUNCATE bench_order");
      database.settle();
    }
  }

  /** Orders on each shard. */
  List<Long> orders() throws Exception {
    List<Long> counts = new ArrayList<>();
    for (BenchDatabase database : databases) {
      counts.add(Long.valueOf(database.text("SELECT count(*) FROM bench_order")));
    }
    return counts;
  }

  @Override
  public void close() {
    shardTransactions.close();
    node.close();
    pools.forEach(HikariDataSource::close);
  }

  /** A bean as applications have it; not final, because its proxy is a subclass. */
  static class Orders implements OrderWriter {

    private final JdbcTemplate jdbc;

    Orders(JdbcTemplate jdbc) {
      this.jdbc = jdbc;
    }

    @Override
    @Sharded(key = "order.customer")
    @Transactional
    public void write(OrderPlaced order) {
      Tables.insert(jdbc, order);
    }
  }
}
