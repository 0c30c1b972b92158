package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.relay.RelayState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Two processes with a relay each, and writers in this one. The leader is killed, or stopped for as
 * long as the next one needs; measured is the time until another node's handler has an event that
 * was committed after that. At the end nothing may be missing, nothing done twice, and no event
 * delivered for the first time before its predecessor.
 */
final class FailoverScenario implements Scenario {

  static final String NAME = "failover";

  private static final String KILL = "kill";
  private static final String PAUSE = "pause";
  private static final int MOST_PAUSES = 3;
  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final double KILLED_SECONDS = 2;
  private static final long MILLIS = TimeUnit.SECONDS.toMillis(1);

  /**
   * Kills are to hit heartbeats and renewals anywhere; a standby has been up for a while by then.
   */
  private static final int LEAST_CALM_MILLIS = 4_000;

  private static final int MOST_CALM_MILLIS = 6_000;

  private final Random random = new Random(1);
  private final List<RelayNode> nodes = new ArrayList<>();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    Duration lease = RelayOptions.defaults(RelayWiring.SCHEMA, "defaults").lease();
    results.target("takeover", Results.Target.atMost(KILLED_SECONDS));
    results.target("takeoverPaused", Results.Target.atMost(lease.toSeconds() + KILLED_SECONDS));
    results.remark(
        "takeover is the slowest of all kills, takeoverPaused of all pauses, in seconds, with %d events/s and a lease of %d s. The load average of the machine was %.1f at the start."
            .formatted(AccountWriters.PER_SECOND, lease.toSeconds(), Cpu.loadAverage()));
    Path folder = Files.createTempDirectory("evenkeel-failover");
    try (BenchDatabase database = BenchDatabase.create();
        HikariDataSource dataSource = database.pool(AccountWriters.THREADS)) {
      database.execute(Tables.ORDERS);
      database.execute(AccountMoved.TABLE);
      database.execute(AccountMoved.INDEX);
      new RelayWiring(database.info(), "writers", dataSource, List.of(AccountMoved.class))
          .migrate();
      try {
        measure(options, database, dataSource, folder, results);
      } finally { // before the database goes
        for (RelayNode node : nodes) {
          node.close();
        }
      }
    } finally {
      delete(folder);
    }
  }

  private void measure(
      Options options,
      BenchDatabase database,
      HikariDataSource dataSource,
      Path folder,
      Results results)
      throws Exception {
    RelayNode leader = startNode(database, folder);
    leader.await(RelayState.STREAMING);
    RelayNode standby = startNode(database, folder);
    standby.await(RelayState.STANDBY);
    AccountWriters writers = AccountWriters.start(database.info(), dataSource);
    List<Takeover> kills = new ArrayList<>();
    for (int n = 0; options.wants(KILL) && n < options.rounds(); n++) {
      calm();
      Duration before = standby.cpu();
      long at = Attempt.now();
      leader.kill();
      kills.add(ended(leader, at, writers, database));
      Duration cpu = standby.cpu().minus(before);
      results.add(KILL, "new leader's CPU", "s", cpu.toMillis() / (double) MILLIS);
      results.add(KILL, "until it leads", "s", seconds(at, standby.reached(RelayState.PREPARING)));
      results.add(
          KILL, "until it streams", "s", seconds(at, standby.reached(RelayState.STREAMING)));
      leader = standby;
      standby = startNode(database, folder);
      standby.await(RelayState.STANDBY);
    }
    List<Takeover> pauses = new ArrayList<>();
    for (int n = 0; options.wants(PAUSE) && n < Math.min(MOST_PAUSES, options.rounds()); n++) {
      calm();
      long at = Attempt.now();
      leader.pause();
      pauses.add(ended(leader, at, writers, database));
      leader.resume(); // what it still tries must come to nothing
      leader.await(RelayState.STANDBY);
      RelayNode woken = leader;
      leader = standby;
      standby = woken;
    }
    Map<Integer, Long> committed = writers.stop();
    long events = committed.values().stream().mapToLong(Long::longValue).sum();
    awaitHandled(
        database, "SELECT count(DISTINCT number) = %d FROM account_moved".formatted(events));
    judge(database, committed, events, results);
    List<Attempt> attempts = attempts();
    add(KILL, "takeover", kills, attempts, results);
    add(PAUSE, "takeoverPaused", pauses, attempts, results);
  }

  private RelayNode startNode(BenchDatabase database, Path folder) throws IOException {
    RelayNode node = RelayNode.start("node-" + (nodes.size() + 1), database.info(), folder);
    nodes.add(node);
    return node;
  }

  private void calm() throws InterruptedException {
    Thread.sleep(random.nextInt(LEAST_CALM_MILLIS, MOST_CALM_MILLIS));
  }

  /** Waits until an event that began after is handled. */
  private static Takeover ended(
      RelayNode victim, long at, AccountWriters writers, BenchDatabase database) throws Exception {
    long firstAfter = writers.nextNumber();
    awaitHandled(
        database,
        "SELECT EXISTS (SELECT FROM account_moved WHERE number >= %d)".formatted(firstAfter));
    return new Takeover(victim.name(), at, firstAfter);
  }

  private static double seconds(long from, long to) {
    return (to - from) / (double) TimeUnit.SECONDS.toMicros(1);
  }

  private static void awaitHandled(BenchDatabase database, String condition) throws Exception {
    Waiting.until(
        LONGEST,
        () -> "t".equals(database.text(condition)),
        () -> "For %s nothing took over, or not everything was handled".formatted(LONGEST));
  }

  private List<Attempt> attempts() throws IOException {
    List<Attempt> attempts = new ArrayList<>();
    for (RelayNode node : nodes) {
      attempts.addAll(node.attempts());
    }
    return attempts;
  }

  private void judge(
      BenchDatabase database, Map<Integer, Long> committed, long events, Results results)
      throws Exception {
    FirstDeliveries deliveries = FirstDeliveries.of(attempts(), committed);
    deliveries.mistakes().forEach(results::invalidate);
    String effects = database.text("SELECT count(*) FROM account_moved");
    if (!effects.equals(String.valueOf(events))) {
      results.invalidate("%d events had %s effects".formatted(events, effects));
    }
    results.remark(
        "%d events were committed, all of them handled once and delivered for the first time in the order of their accounts unless the run is marked invalid; %d attempts were repetitions."
            .formatted(events, deliveries.repeated()));
  }

  private static void add(
      String name,
      String figure,
      List<Takeover> takeovers,
      List<Attempt> attempts,
      Results results) {
    if (takeovers.isEmpty()) {
      return;
    }
    List<Double> seconds =
        takeovers.stream().map(takeover -> takeover.seconds(attempts).orElseThrow()).toList();
    seconds.forEach(value -> results.add(name, "takeover", "s", value));
    System.out.printf("%s: %s%n", name, seconds);
    results.addFigure(figure, seconds.stream().max(Comparator.naturalOrder()).orElseThrow());
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
