package dev.evenkeel.sample.orders.prove;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.audit.AuditReport;
import dev.evenkeel.sample.orders.crash.Child;
import dev.evenkeel.sample.orders.crash.Journal;
import dev.evenkeel.sample.orders.crash.JournalReader;
import dev.evenkeel.sample.orders.crash.Shards;
import dev.evenkeel.sample.orders.crash.Shopper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;

/** One round of a run. For one thread. */
final class Ordeal {

  private static final int SHOPPERS = 6;
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(300);
  private static final Duration AFTER_THE_LAST_FAULT = Duration.ofSeconds(2);
  private static final int RICH = 4;
  private static final long STOCKED = 1_000_000;
  private static final Duration AT_REST = Duration.ofMinutes(4);
  private static final Duration FIRST_ANSWER = Duration.ofMinutes(2);
  private static final Duration CLIENTS_END = Duration.ofMinutes(5);

  /** What may be put off by a clock that was ahead is due by then. */
  private static final int MINUTES_AHEAD_AT_REST = 5;

  private final Servers servers;
  private final Schedule.Round round;
  private final Path folder;
  private final long runBegan;
  private final Map<Integer, HttpApi> clients = new ConcurrentHashMap<>();
  private final Map<UUID, Shopper.Placed> placed = new ConcurrentHashMap<>();
  private final Map<String, Long> stocked = new LinkedHashMap<>();
  private final AtomicBoolean open = new AtomicBoolean(true);
  private final List<Node> nodes = new CopyOnWriteArrayList<>();

  /**
   * Makes a round.
   *
   * @param folder its own; journal and output of the processes stay there
   * @param runBegan {@link System#nanoTime()} that incidents are counted from
   */
  Ordeal(Servers servers, Schedule.Round round, Path folder, long runBegan) {
    this.servers = servers;
    this.round = round;
    this.folder = folder;
    this.runBegan = runBegan;
  }

  /** Runs and judges it. */
  Outcome run() throws Exception {
    Files.createDirectories(folder);
    ExecutorService threads = Executors.newCachedThreadPool();
    // A process that stands still would outlive this one.
    Thread hook = new Thread(this::killAll, "kill all");
    Runtime.getRuntime().addShutdownHook(hook);
    try (Installation installation = new Installation(servers, round);
        Journal journal = new Journal(folder.resolve("journal"), "clients");
        JournalReader reader = new JournalReader(folder.resolve("journal"))) {
      try {
        return run(installation, journal, reader, threads);
      } finally {
        open.set(false);
        threads.shutdownNow();
        killAll();
        Runtime.getRuntime().removeShutdownHook(hook);
        IntStream.range(0, 3).forEach(this::heal);
      }
    }
  }

  private void killAll() {
    try {
      for (Node node : nodes) {
        node.process().kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Outcome run(
      Installation installation, Journal journal, JournalReader reader, ExecutorService threads)
      throws Exception {
    for (String name : round.mode().nodes()) {
      nodes.add(new Node(installation, name, folder, reader));
    }
    nodes.forEach(node -> node.process().awaitReady());
    Random random = new Random(round.seed());
    Shopper.Shop shop = shop(installation);
    List<Future<?>> running = new ArrayList<>();
    long began = System.nanoTime();
    for (int i = 0; i < SHOPPERS; i++) {
      Random pause = new Random(random.nextLong());
      running.add(
          threads.submit(
              new Shopper(
                  "client-" + i,
                  random.nextLong(),
                  number -> open.get(),
                  shop,
                  this::node,
                  placed,
                  () -> Pause.upTo(pauseFrom(began), pause))));
    }
    List<String> keys = keys(installation, 2);
    for (int i = 0; i < keys.size(); i++) {
      // Its effect is on another shard, most of the time.
      String place = keys.get((i + 1) % keys.size());
      running.add(
          threads.submit(
              new Teller(
                  keys.get(i),
                  place,
                  random.nextLong(),
                  open::get,
                  this::node,
                  journal,
                  () -> pauseFrom(began).dividedBy(2))));
    }
    List<Incident> incidents =
        new Injector(
                servers,
                installation,
                round,
                nodes,
                keys.subList(0, keys.size() / 2),
                journal,
                runBegan)
            .run(threads);
    Pause.of(AFTER_THE_LAST_FAULT); // so that something happens after it
    open.set(false);
    for (Future<?> each : running) {
      each.get(CLIENTS_END.toSeconds(), TimeUnit.SECONDS);
    }
    return judge(installation, reader, incidents);
  }

  /** On a machine on which faults take long to be over, what is asked for meanwhile is bounded. */
  private static Duration pauseFrom(long began) {
    boolean late = System.nanoTime() - began > Schedule.LOAD.multipliedBy(2).toNanos();
    return late ? LONGEST_PAUSE.multipliedBy(10) : LONGEST_PAUSE;
  }

  /** Some process that takes orders, whether it is alive or not. */
  private HttpApi node(Random random) {
    int number =
        round.mode() == Mode.SPLIT ? round.mode().withSagas().get(0) : random.nextInt(nodes.size());
    return client(nodes.get(number));
  }

  private HttpApi client(Node node) {
    return clients.computeIfAbsent(node.process().port(), HttpApi::new);
  }

  /** Texts that lie on each shard, so many of each; the first of all shards come first. */
  private static List<String> keys(Installation installation, int each) {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < each; i++) {
      if (installation.mode() == Mode.SPLIT) {
        keys.add("tally-" + i);
      } else {
        Shards shards = installation.shards();
        for (String shard : Shards.NAMES) {
          keys.add(shards.article(shard, "tally-" + i));
        }
      }
    }
    return keys;
  }

  private Shopper.Shop shop(Installation installation) {
    List<Long> rich = new ArrayList<>();
    List<Long> poor = new ArrayList<>();
    List<String> articles = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    List<String> places = installation.mode() == Mode.SPLIT ? List.of("") : Shards.NAMES;
    for (String place : places) {
      long customer = 1_000;
      for (int i = 0; i < RICH; i++) {
        customer = customer(installation, place, customer + 1);
        limit(customer, "9999999.00");
        rich.add(customer);
      }
      customer = customer(installation, place, customer + 1);
      limit(customer, "0.50");
      poor.add(customer);
      articles.add(article(installation, place, "HERE"));
      articles.add(article(installation, place, "THERE"));
      missing.add(article(installation, place, "GONE"));
    }
    for (String article : articles) {
      put(nodes.get(nodes.size() - 1), "/stock/" + article, "{\"onHand\": %d}".formatted(STOCKED));
      stocked.put(article, STOCKED);
    }
    return new Shopper.Shop(
        rich.stream().mapToLong(Long::longValue).toArray(),
        poor.stream().mapToLong(Long::longValue).toArray(),
        articles.toArray(String[]::new),
        missing.toArray(String[]::new));
  }

  private static long customer(Installation installation, String place, long from) {
    return place.isEmpty() ? from : installation.shards().customer(place, from);
  }

  private static String article(Installation installation, String place, String prefix) {
    return place.isEmpty() ? prefix : installation.shards().article(place, prefix);
  }

  private void limit(long customer, String limit) {
    put(nodes.get(0), "/customers/" + customer, "{\"creditLimit\": \"%s\"}".formatted(limit));
  }

  /** Saying it twice is saying it once, and the first requests of a process take their time. */
  private void put(Node node, String path, String body) {
    await("PUT " + path)
        .atMost(FIRST_ANSWER)
        .pollDelay(Duration.ZERO)
        .ignoreExceptions()
        .until(() -> client(node).put(path, body).statusCode() == 200);
  }

  private void heal(int number) {
    servers.proxy(number).unblock();
    servers.proxy(number).delay(Duration.ZERO);
    servers.server(number).start();
  }

  private Outcome judge(Installation installation, JournalReader reader, List<Incident> incidents)
      throws SQLException {
    nodes.forEach(node -> node.tell(Child.Command.AHEAD, String.valueOf(MINUTES_AHEAD_AT_REST)));
    long asked = System.nanoTime();
    Evidence evidence = new Evidence();
    try {
      await("nothing to move any more")
          .atMost(AT_REST)
          .pollInterval(Duration.ofMillis(300))
          .ignoreExceptions()
          .until(() -> unrest(installation).isEmpty());
    } catch (ConditionTimeoutException e) {
      evidence.unrest = "After %s: %s".formatted(AT_REST, unrest(installation));
    }
    Duration rested = Duration.ofNanos(System.nanoTime() - asked);
    evidence.placed.putAll(placed);
    evidence.stocked.putAll(stocked);
    installation
        .mode()
        .databases()
        .forEach(name -> new EvidenceReader(installation.sql(name), evidence).read());
    evidence.journal.addAll(reader.lines());
    installation.audit().violations().forEach(each -> evidence.audit.add(each.toString()));
    return Outcome.of(round, evidence, incidents, runBegan, installation, rested);
  }

  /** What still moves; empty when nothing does. */
  private String unrest(Installation installation) throws SQLException {
    List<String> moving = new ArrayList<>();
    long counted = installation.count("SELECT coalesce(sum(version), 0)::bigint FROM prove.tally");
    long effects = installation.count("SELECT count(*) FROM prove.effect");
    if (effects < counted) {
      moving.add("%d of %d counts have their effects".formatted(effects, counted));
    }
    long shipped = installation.count("SELECT count(*) FROM orders WHERE status = 'SHIPPED'");
    long summed =
        installation.count("SELECT coalesce(sum(order_count), 0)::bigint FROM customer_summary");
    if (summed < shipped) {
      moving.add("%d of %d orders are in summaries".formatted(summed, shipped));
    }
    long parked =
        installation.count(
            "SELECT count(*) FROM evenkeel.parked_message WHERE state IN ('RETRYING', 'QUEUED')");
    if (parked > 0) {
      moving.add(parked + " messages are parked");
    }
    AuditReport report = installation.audit();
    if (!report.quiescent()) {
      moving.add("sagas move");
    }
    return String.join(", ", moving);
  }
}
