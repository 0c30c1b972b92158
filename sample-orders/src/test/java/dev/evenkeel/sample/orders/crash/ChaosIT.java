package dev.evenkeel.sample.orders.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.audit.AuditReport;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Many orders at once, while a process is killed, another stands still, and a database crashes. */
@Tag("slow")
class ChaosIT {

  private static final Logger log = LoggerFactory.getLogger(ChaosIT.class);

  private static final int CLIENTS = 50;
  private static final int ORDERS_OF_CLIENT = 40;
  private static final int ORDERS = CLIENTS * ORDERS_OF_CLIENT;

  /** From the last answer to when nothing moves any more. */
  private static final Duration AT_REST = Duration.ofSeconds(90);

  private static final Duration LEASE = Duration.ofSeconds(2);
  private static final Duration STANDSTILL = LEASE.plusSeconds(3);
  private static final Duration OUTAGE = Duration.ofSeconds(2);

  /** How each order ended, which may be before its saga had touched it. */
  private static final String ENDS =
      """
      SELECT o.id, CASE WHEN i.state = 'COMPENSATED' AND NOT EXISTS (SELECT FROM order_change c WHERE c.order_id = o.id)
                        THEN 'CANCELLED' ELSE o.status END
        FROM orders o LEFT JOIN evenkeel.saga_instance i ON i.id = o.saga_id
      """;

  private final Map<String, PostgresServer> servers = new TreeMap<>();
  private final List<ChildProcess> living = new CopyOnWriteArrayList<>();
  private final Map<Integer, HttpApi> clients = new ConcurrentHashMap<>();
  private final Map<UUID, Shopper.Placed> placed = new ConcurrentHashMap<>();
  private final AtomicInteger taken = new AtomicInteger();

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void twoThousandOrdersEndWellWhileAProcessAndADatabaseAreKilled() throws Exception {
    Random random = new Random(Seed.draw());
    Path folder = Files.createTempDirectory(folders(), "chaos-");
    Map<String, DatabaseInfo> databases = new TreeMap<>();
    for (String name : Shards.NAMES) {
      servers.put(name, PostgresServer.builder().start());
      databases.put(name, servers.get(name).createDatabase("orders_" + name));
    }
    Shards shards = new Shards(databases);
    ExecutorService threads = Executors.newCachedThreadPool();
    List<ChildProcess> children = new ArrayList<>();
    try (Journal journal = new Journal(folder.resolve("journal"), "parent");
        JournalReader reader = new JournalReader(folder.resolve("journal"))) {
      for (int i = 1; i <= 3; i++) {
        children.add(start("node-" + i, folder, reader, shards));
        children.get(0).awaitReady(); // makes the tables
      }
      for (ChildProcess child : children) {
        child.awaitReady().tell(Child.Command.ON);
        living.add(child);
      }
      Shopper.Shop shop = shop(shards);

      List<Future<Void>> shoppers = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        shoppers.add(
            threads.submit(
                new Shopper(
                    "client-" + i,
                    random.nextLong(),
                    number -> number < ORDERS_OF_CLIENT,
                    shop,
                    this::node,
                    placed,
                    taken::incrementAndGet)));
      }
      killANode(children.get(1), shards);
      suspendANode(children.get(2));
      crashADatabase(Shards.NAMES.get(random.nextInt(3)));
      for (Future<Void> shopper : shoppers) {
        shopper.get(3, TimeUnit.MINUTES);
      }

      long answered = System.nanoTime();
      AuditReport report =
          await("nothing to move any more")
              .atMost(AT_REST)
              .pollInterval(Duration.ofMillis(500))
              .ignoreExceptions()
              .until(shards::audit, AuditReport::quiescent);
      log.info("At rest {} ms after the last answer", (System.nanoTime() - answered) / 1_000_000);
      judge(shards, report);
    } finally {
      threads.shutdownNow();
      for (ChildProcess child : children) {
        child.kill();
      }
      servers.values().forEach(PostgresServer::close);
    }
  }

  private static Path folders() throws java.io.IOException {
    return Files.createDirectories(Path.of("target", "crash")).toAbsolutePath();
  }

  private static ChildProcess start(
      String node, Path folder, JournalReader journal, Shards shards) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--server.port=0",
                "--spring.datasource.hikari.maximum-pool-size=20",
                "--evenkeel.sharding.instances=3",
                "--evenkeel.relay.enabled=false",
                "--evenkeel.relay.node=" + node,
                "--evenkeel.saga.lease=" + LEASE));
    arguments.addAll(shards.properties());
    return ChildProcess.start(
        node, folder.resolve("journal"), journal, arguments, folder.resolve(node + ".log"));
  }

  private HttpApi node(Random random) {
    ChildProcess node = living.get(random.nextInt(living.size()));
    return clients.computeIfAbsent(node.port(), HttpApi::new);
  }

  /** Ten customers and four articles on each shard, and the same of those that are refused. */
  private Shopper.Shop shop(Shards shards) throws Exception {
    List<Long> rich = new ArrayList<>();
    List<Long> poor = new ArrayList<>();
    List<String> articles = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    HttpApi http = node(new Random(0));
    for (String shard : Shards.NAMES) {
      long customer = 1_000;
      for (int i = 0; i < 10; i++) {
        customer = shards.customer(shard, customer + 1);
        http.put("/customers/" + customer, "{\"creditLimit\": \"9999999.00\"}");
        rich.add(customer);
        customer = shards.customer(shard, customer + 1);
        http.put("/customers/" + customer, "{\"creditLimit\": \"0.50\"}");
        poor.add(customer);
      }
      for (int i = 0; i < 4; i++) {
        articles.add(shards.article(shard, "HERE-" + i));
        http.put("/stock/" + articles.get(articles.size() - 1), "{\"onHand\": 100000}");
        missing.add(shards.article(shard, "GONE-" + i));
      }
    }
    return new Shopper.Shop(
        rich.stream().mapToLong(Long::longValue).toArray(),
        poor.stream().mapToLong(Long::longValue).toArray(),
        articles.toArray(String[]::new),
        missing.toArray(String[]::new));
  }

  /** In the midst of it, and of sagas of its own. */
  private void killANode(ChildProcess node, Shards shards) throws InterruptedException {
    awaitTaken(ORDERS / 4);
    await()
        .atMost(AT_REST)
        .pollInterval(Duration.ofMillis(10))
        .until(
            () ->
                shards.count("SELECT count(*) FROM evenkeel.saga_wake WHERE owner = ?", node.node())
                    >= 3);
    node.kill();
    living.remove(node);
    log.info("{} was killed after {} orders", node.node(), taken.get());
  }

  /** Past its lease, so that it wakes as somebody whose sagas are another's. */
  private void suspendANode(ChildProcess node) throws InterruptedException {
    awaitTaken(ORDERS * 3 / 8);
    node.suspend();
    await().pollDelay(STANDSTILL).until(() -> true);
    node.wake();
    log.info("{} stood still for {}, by now {} orders", node.node(), STANDSTILL, taken.get());
  }

  private void crashADatabase(String shard) {
    awaitTaken(ORDERS / 2);
    servers.get(shard).stop(PostgresServer.Mode.IMMEDIATE);
    log.info("Shard {} is down after {} orders", shard, taken.get());
    await().pollDelay(OUTAGE).until(() -> true);
    servers.get(shard).start();
    log.info("Shard {} is back after {} orders", shard, taken.get());
  }

  private void awaitTaken(int orders) {
    await("order " + orders + " to be taken")
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> taken.get() >= orders);
  }

  private void judge(Shards shards, AuditReport report) {
    Map<UUID, String> ends = new LinkedHashMap<>();
    for (String shard : Shards.NAMES) {
      shards
          .sql(shard)
          .query(
              ENDS,
              row -> {
                ends.put(row.getObject(1, UUID.class), row.getString(2));
              });
    }
    long compensated =
        shards.count("SELECT count(*) FROM evenkeel.saga_instance WHERE state = 'COMPENSATED'");
    long takenOver =
        shards.count(
            "SELECT count(*) FROM evenkeel.saga_instance WHERE progress::text LIKE '%TAKEN_OVER%'");
    Map<String, Long> counts = new TreeMap<>();
    ends.values().forEach(end -> counts.merge(end, 1L, Long::sum));
    log.info("{}, {} compensated, {} taken over: {}", counts, compensated, takenOver, report);

    assertThat(report.violations()).isEmpty();
    assertThat(ends.keySet()).as("each order once").isEqualTo(placed.keySet()).hasSize(ORDERS);
    assertThat(ends)
        .allSatisfy((order, end) -> assertThat(placed.get(order).wish().ends()).contains(end));
    assertThat(shards.count("SELECT count(stuck_at) FROM evenkeel.saga_instance")).isZero();
    assertThat(compensated).isGreaterThanOrEqualTo(ORDERS / 5);
    assertThat(takenOver).as("sagas taken over").isPositive();
  }
}
