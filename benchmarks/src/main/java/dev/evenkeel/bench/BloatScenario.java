package dev.evenkeel.bench;

import dev.evenkeel.relay.JanitorOptions;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.relay.RelayOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * What becomes of an outbox's tables, and of its delay, while long reading transactions keep
 * PostgreSQL from removing dead rows.
 */
final class BloatScenario implements Scenario {

  static final String NAME = "bloat";

  /** What is measured for, unless it is said otherwise. */
  static final Duration DURATION = Duration.ofSeconds(90);

  private static final Pace PACE = new Pace(800, 8);
  private static final Duration WARM_UP = Duration.ofSeconds(12);
  private static final Duration LOOK = Duration.ofSeconds(5);

  /** Of a thousand messages. Relay and janitor write their own rows a few times a second. */
  private static final double MOST_DEAD = 10;

  private static final double MOST_DELAY_GROWTH = 1.25;
  private static final double MEBIBYTE = 1 << 20;
  private static final int RING_SECONDS = 5;

  /**
   * A ring that turns within the measurement, so that the janitor has its part in it: it would turn
   * in 16 hours.
   */
  private static final List<String> SHORT_RING =
      List.of(
          """
          CREATE OR REPLACE FUNCTION %1$s.outbox_ring_width_seconds() RETURNS integer
              LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT %2$d'
          """
              .formatted(RelayWiring.SCHEMA, RING_SECONDS),
          """
          ALTER TABLE %1$s.outbox ALTER COLUMN bucket
              SET DEFAULT (floor(extract(epoch FROM clock_timestamp()) / %2$d)::bigint %% 16)::smallint
          """
              .formatted(RelayWiring.SCHEMA, RING_SECONDS));

  /** All that the outbox made; the business table is not its fault, and the inbox is no outbox. */
  private static final String TABLES =
      """
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname IN ('public', '%1$s')
         AND c.relname <> 'bench_order' AND c.relname NOT LIKE 'inbox%%'
      """
          .formatted(RelayWiring.SCHEMA);

  private static final String BYTES = "SELECT sum(pg_total_relation_size(c.oid)) " + TABLES;

  /** As sessions have reported, which they do once a second; vacuums take off what they remove. */
  private static final String DEAD = "SELECT sum(pg_stat_get_dead_tuples(c.oid)) " + TABLES;

  /**
   * What was seen at one time.
   *
   * @param delays of all orders so far
   */
  private record Sample(long bytes, long dead, Histogram delays) {

    static Sample take(BenchDatabase database, EventRunner.Paced paced) throws Exception {
      return new Sample(
          Long.parseLong(database.text(BYTES)),
          Long.parseLong(database.text(DEAD)),
          paced.delays());
    }

    long handled() {
      return delays.getTotalCount();
    }

    /** Of the orders that were handled after the other was seen. */
    Delay delaySince(Sample before) {
      Histogram since = delays.copy();
      since.subtract(before.delays);
      return Delay.of(since);
    }

    double mebibytesSince(Sample before) {
      return (bytes - before.bytes) / MEBIBYTE;
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    results.remark(
        "%d messages/s, with transactions that hold a snapshot for %d s and overlap by half. Growth is of all tables of the outbox with their indexes, the inbox excepted, which the peers do not have; dead rows are as PostgreSQL counts them, at the time with the most."
            .formatted(PACE.perSecond(), Horizon.LENGTH.toSeconds()));
    results.remark(
        "Evenkeel's ring turns every %d s here instead of every 16 h, so that the janitor takes part."
            .formatted(16 * RING_SECONDS));
    Map<String, EventRunner> runners = new LinkedHashMap<>();
    try {
      enter(options, runners, results);
      for (EventRunner runner : runners.values()) {
        try (BenchDatabase database = BenchDatabase.create()) {
          runner.endToEnd(database, WARM_UP);
        }
      }
      for (int round = 1; round <= options.rounds(); round++) {
        for (Map.Entry<String, EventRunner> entry : runners.entrySet()) {
          measure(entry.getKey(), entry.getValue(), options.duration(), results);
        }
        System.out.printf("round %d of %d done%n", round, options.rounds());
      }
    } finally {
      for (EventRunner runner : runners.values()) {
        runner.close();
      }
    }
  }

  private static void enter(Options options, Map<String, EventRunner> runners, Results results)
      throws Exception {
    for (RelayMode mode : List.of(RelayMode.POLLING, RelayMode.CDC)) {
      RelayOptions each =
          withShortRing(RelayOptions.defaults(RelayWiring.SCHEMA, "bench")).withMode(mode);
      String name = mode == RelayMode.POLLING ? "evenkeel" : "evenkeel-cdc";
      if (options.wants(name)) {
        results.target("delayGrowth/" + name, Results.Target.atMost(MOST_DELAY_GROWTH));
        results.target("deadPerThousand/" + name, Results.Target.atMost(MOST_DEAD));
        runners.put(
            name,
            new EvenkeelRunner(
                database ->
                    new EvenkeelPipeline(database, EvenkeelPipeline.Consumer.INBOX, each)
                        .withMigrations(SHORT_RING)));
      }
    }
    for (Peer peer : List.of(Peer.GRUELBOX, Peer.NAMASTACK)) {
      if (options.wants(peer.label())) {
        runners.put(peer.label(), new PeerRunner(peer));
      }
    }
  }

  private static void measure(String name, EventRunner runner, Duration duration, Results results)
      throws Exception {
    System.out.printf(
        "%n%s%n%6s %10s %10s %10s %10s %10s%n",
        name, "s", "handled", "MiB", "dead rows", "p50 ms", "p99 ms");
    Duration third = duration.dividedBy(3);
    Duration look = third.compareTo(LOOK) < 0 ? third : LOOK;
    List<Sample> samples = new ArrayList<>();
    try (BenchDatabase database = BenchDatabase.create();
        EventRunner.Paced paced = runner.pace(database, PACE, duration);
        Horizon horizon = new Horizon(database.info())) {
      long from = System.nanoTime();
      samples.add(Sample.take(database, paced));
      for (Duration at = look; at.compareTo(duration) <= 0; at = at.plus(look)) {
        while (System.nanoTime() - from < at.toNanos()) {
          horizon.move();
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        Sample before = samples.get(samples.size() - 1);
        Sample sample = Sample.take(database, paced);
        samples.add(sample);
        Delay delay = sample.delaySince(before);
        System.out.printf(
            "%6d %10d %10.1f %10d %10.2f %10.2f%n",
            at.toSeconds(),
            sample.handled(),
            sample.bytes() / MEBIBYTE,
            sample.dead(),
            delay.p50Millis(),
            delay.p99Millis());
      }
      paced.drain();
    }
    add(name, samples, duration, results);
  }

  private static void add(String name, List<Sample> samples, Duration duration, Results results) {
    int end = samples.size() - 1;
    int third = end / 3;
    double first = add(name + "/first third", samples.get(0), samples.get(third), results);
    double last = add(name + "/last third", samples.get(end - third), samples.get(end), results);
    results.addRatio("delayGrowth/" + name, last / first);
    long dead = samples.stream().mapToLong(Sample::dead).max().orElseThrow();
    results.add(name, "dead rows", "rows", (double) dead);
    results.addFigure("deadPerThousand/" + name, 1_000.0 * dead / PACE.ordersIn(duration));
  }

  /** The median delay. */
  private static double add(String name, Sample from, Sample to, Results results) {
    if (to.handled() == from.handled()) {
      results.invalidate("%s: nothing was handled, so the delay is unknown".formatted(name));
    }
    Delay delay = to.delaySince(from);
    results.add(name, "p50", "ms", delay.p50Millis());
    results.add(name, "p99", "ms", delay.p99Millis());
    results.add(name, "growth", "MiB", to.mebibytesSince(from));
    return delay.p50Millis();
  }

  private static RelayOptions withShortRing(RelayOptions options) {
    JanitorOptions janitor =
        new JanitorOptions(
            Duration.ofSeconds(1),
            Duration.ofSeconds(RING_SECONDS),
            options.janitor().inboxWindow());
    return new RelayOptions(
        options.schema(),
        options.node(),
        options.lease(),
        options.contend(),
        options.heartbeat(),
        options.pollInterval(),
        options.maxInFlight(),
        options.maxInFlightBytes(),
        options.drain(),
        janitor);
  }
}
