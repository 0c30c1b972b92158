package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.shard.id.SnowflakeIds;
import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What routing costs beside plain transactions on the same pool, what a look-up takes, how fast
 * generators issue ids, and writes over one, two and three servers.
 */
final class ShardScenario implements Scenario {

  private static final String ROUTED = "routed";
  private static final String LOOKUP = "lookup";
  private static final String IDS = "ids";
  private static final String DATABASES = "databases";

  private static final int WRITERS = 16;

  /** Of each variant: after half a minute in all the JVM has compiled what matters. */
  private static final Duration WARM_UP = Duration.ofSeconds(8);

  /** After a checkpoint the first writers pay for all; none of the variants shall. */
  private static final Duration LEAD_IN = Duration.ofSeconds(1);

  private static final int LOOKUP_WARM_UP = 5;
  private static final int LOOKUP_PASSES = 5;

  private static final int ID_THREADS = 4;
  private static final int IDS_PER_LOOK = 1_024;

  /** Nothing but the processor is at work; longer would show no more. */
  private static final Duration LONGEST_ID_TURN = Duration.ofSeconds(2);

  /** Ids per second that the layout has room for: 12 bits of counter per millisecond. */
  private static final double SNOWFLAKE_CEILING = 4_096_000;

  private static final int SERVERS = 3;

  private enum Variant {
    PLAIN("plain"),
    ROUTED("routed"),
    PLAIN_ANNOTATION("plain, annotation"),
    ROUTED_ANNOTATION("routed, annotation");

    private final String label;

    Variant(String label) {
      this.label = label;
    }
  }

  @Override
  public String name() {
    return "shards";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    results.target("routedThroughput", Results.Target.atLeast(0.97));
    results.target("routeLookupNanos", Results.Target.atMost(1_000));
    results.target("snowflakePerSecond", Results.Target.atLeast(3_500_000));
    if (options.wants(ROUTED)) {
      routed(options, results);
    }
    if (options.wants(LOOKUP)) {
      lookup(options, results);
    }
    if (options.wants(IDS)) {
      ids(options, results);
    }
    if (options.wants(DATABASES)) {
      databases(options, results);
    }
  }

  private static void routed(Options options, Results results) throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        ShardedApplication sharded = new ShardedApplication(List.of(database), WRITERS)) {
      PlainApplication plain = new PlainApplication(sharded.pool());
      Map<Variant, OrderWriter> writers = new EnumMap<>(Variant.class);
      writers.put(Variant.PLAIN, plain.inCode());
      writers.put(Variant.ROUTED, sharded.inCode());
      writers.put(Variant.PLAIN_ANNOTATION, plain.byAnnotation());
      writers.put(Variant.ROUTED_ANNOTATION, sharded.byAnnotation());
      AtomicLong orders = new AtomicLong();
      write(writers, WARM_UP, orders);
      for (int round = 1; round <= options.rounds(); round++) {
        sharded.reset();
        Map<Variant, Load> leadIn = write(writers, LEAD_IN, orders);
        Map<Variant, Load> loads = write(writers, options.duration(), orders);
        loads.forEach((variant, load) -> add(results, ROUTED + "/" + variant.label, load));
        results.addRatio("routedThroughput", ratio(loads, Variant.ROUTED, Variant.PLAIN));
        results.addRatio(
            "routedAnnotation", ratio(loads, Variant.ROUTED_ANNOTATION, Variant.PLAIN_ANNOTATION));
        requireWritten(calls(leadIn) + calls(loads), sharded.orders(), results);
        done(ROUTED, round, options);
      }
    }
  }

  private static void lookup(Options options, Results results) throws Exception {
    List<BenchDatabase> databases = new ArrayList<>();
    try {
      for (int n = 0; n < SERVERS; n++) {
        databases.add(BenchDatabase.create());
      }
      try (ShardedApplication sharded = new ShardedApplication(databases, 1)) {
        RouteLookup lookup = new RouteLookup(sharded.router());
        for (int pass = 0; pass < LOOKUP_WARM_UP; pass++) {
          lookup.nanos();
        }
        for (int pass = 0; pass < LOOKUP_PASSES * options.rounds(); pass++) {
          double nanos = lookup.nanos();
          results.add(LOOKUP, "key to shard", "ns", nanos);
          results.addFigure("routeLookupNanos", nanos);
        }
      }
    } finally {
      databases.forEach(BenchDatabase::close);
    }
  }

  private static void ids(Options options, Results results) throws Exception {
    results.remark(
        "ids: the Snowflake library alone does not keep to the clock; beyond 4,096 ids in a millisecond it takes those of the next ones (\"ahead\"). With a lease a caller waits for them, so 4,096,000 ids/s is the most.");
    Duration turn =
        options.duration().compareTo(LONGEST_ID_TURN) < 0 ? options.duration() : LONGEST_ID_TURN;
    try (BenchDatabase database = BenchDatabase.create();
        HikariDataSource pool = database.pool(ID_THREADS)) {
      new SchemaMigration(ShardedApplication.SCHEMA).migrate(pool);
      issue(pool, LONGEST_ID_TURN, new Results());
      for (int round = 1; round <= options.rounds(); round++) {
        Map<IdSource, Double> perSecond = issue(pool, turn, results);
        results.addRatio("uuid7", ratio(perSecond, IdSource.UUID7, IdSource.UUID7_LIBRARY));
        results.addRatio("slotIds", ratio(perSecond, IdSource.SLOT, IdSource.UUID7_LIBRARY));
        results.addRatio(
            "snowflake", ratio(perSecond, IdSource.SNOWFLAKE, IdSource.SNOWFLAKE_LIBRARY));
        double snowflakes = of(perSecond, IdSource.SNOWFLAKE);
        results.addRatio("snowflakeOfCeiling", snowflakes / SNOWFLAKE_CEILING);
        results.addFigure("snowflakePerSecond", snowflakes);
        done(IDS, round, options);
      }
    }
  }

  /** Ids per second of several threads; those of one thread go to the results only. */
  private static Map<IdSource, Double> issue(
      HikariDataSource database, Duration turn, Results results) throws InterruptedException {
    Map<IdSource, Double> perSecond = new EnumMap<>(IdSource.class);
    for (IdSource source : IdSource.values()) {
      String name = IDS + "/" + source.label();
      for (int threads : new int[] {1, ID_THREADS}) {
        try (IdSource.Open open = source.open(database)) {
          Load load = Load.run(threads, turn, IDS_PER_LOOK, open.ids());
          results.add(
              name, threads == 1 ? "1 thread" : threads + " threads", "ids/s", load.perSecond());
          perSecond.put(source, load.perSecond()); // the last one counts
          if (threads > 1
              && (source == IdSource.SNOWFLAKE || source == IdSource.SNOWFLAKE_LIBRARY)) {
            results.add(name, "ahead", "ms", aheadMillis(open.ids().getAsLong()));
          }
        }
      }
    }
    return perSecond;
  }

  private static double aheadMillis(long id) {
    return Duration.between(Instant.now(), SnowflakeIds.instantOf(id)).toNanos()
        / (double) TimeUnit.MILLISECONDS.toNanos(1);
  }

  private static void databases(Options options, Results results) throws Exception {
    results.remark(
        "databases: the servers share one machine, its processors and its disk with the writers; this shows what routing to several costs, and not how hardware scales.");
    List<AutoCloseable> open = new ArrayList<>();
    try {
      List<PostgresServer> servers = new ArrayList<>();
      for (int n = 0; n < SERVERS; n++) {
        servers.add(PostgresServer.builder().start());
        open.add(0, servers.get(n));
      }
      Map<Integer, ShardedApplication> applications = new LinkedHashMap<>();
      Map<Integer, OrderWriter> writers = new LinkedHashMap<>();
      for (int n = 1; n <= SERVERS; n++) {
        List<BenchDatabase> databases = new ArrayList<>();
        for (PostgresServer server : servers.subList(0, n)) {
          databases.add(BenchDatabase.on(server, "bench_" + n));
        }
        ShardedApplication application = new ShardedApplication(databases, WRITERS);
        open.add(0, application);
        applications.put(n, application);
        writers.put(n, application.inCode());
      }
      AtomicLong orders = new AtomicLong();
      write(writers, WARM_UP, orders);
      for (int round = 1; round <= options.rounds(); round++) {
        for (ShardedApplication application : applications.values()) {
          application.reset();
        }
        Map<Integer, Load> leadIn = write(writers, LEAD_IN, orders);
        Map<Integer, Load> loads = write(writers, options.duration(), orders);
        for (Map.Entry<Integer, Load> measured : loads.entrySet()) {
          int n = measured.getKey();
          add(results, DATABASES + "/" + n, measured.getValue());
          if (n > 1) {
            results.addRatio(DATABASES + n, ratio(loads, n, 1));
          }
          requireWritten(
              of(leadIn, n).calls() + measured.getValue().calls(),
              of(applications, n).orders(),
              results);
        }
        done(DATABASES, round, options);
      }
    } finally {
      for (AutoCloseable closeable : open) {
        closeable.close();
      }
    }
  }

  private static <V> Map<V, Load> write(
      Map<V, OrderWriter> writers, Duration each, AtomicLong orders) throws Exception {
    return Turns.take(
        List.copyOf(writers.keySet()),
        each,
        (variant, duration) -> {
          OrderWriter writer = of(writers, variant);
          return Load.run(
              WRITERS,
              duration,
              1,
              () -> {
                long order = orders.incrementAndGet();
                writer.write(OrderPlaced.of(order));
                return order;
              });
        });
  }

  /** A throughput counts only if its rows are there, on every shard some. */
  private static void requireWritten(long transactions, List<Long> ordersByShard, Results results) {
    long rows = ordersByShard.stream().mapToLong(Long::longValue).sum();
    if (rows != transactions || ordersByShard.contains(0L)) {
      results.invalidate(
          "%d transactions left %d rows, by shard %s".formatted(transactions, rows, ordersByShard));
    }
  }

  private static <V> long calls(Map<V, Load> loads) {
    return loads.values().stream().mapToLong(Load::calls).sum();
  }

  private static void add(Results results, String name, Load load) {
    results.add(name, "throughput", "tx/s", load.perSecond());
    results.add(name, "JVM's CPU", "us/tx", load.cpuMicros());
  }

  private static void done(String part, int round, Options options) {
    System.out.printf("%s: round %d of %d done%n", part, round, options.rounds());
  }

  private static <V> double ratio(Map<V, Load> loads, V ours, V reference) {
    return of(loads, ours).perSecond() / of(loads, reference).perSecond();
  }

  private static double ratio(Map<IdSource, Double> perSecond, IdSource ours, IdSource reference) {
    return of(perSecond, ours) / of(perSecond, reference);
  }

  private static <K, T> T of(Map<K, T> map, K key) {
    return Objects.requireNonNull(map.get(key));
  }
}
