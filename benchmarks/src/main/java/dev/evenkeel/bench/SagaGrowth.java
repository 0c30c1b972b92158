package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parts of {@link GrowthScenario} about sagas, whose steps are one business insert each, with
 * 16 callers.
 */
final class SagaGrowth {

  private static final String BARE = "bare";
  private static final String EVENKEEL = "evenkeel";

  private static final List<Integer> STEPS = List.of(1, 2, 3, 5, 10);
  private static final List<Integer> SHARDS = List.of(1, 2, 3);
  private static final List<Integer> FINISHED = List.of(0, 10_000, 100_000, 1_000_000, 10_000_000);

  private static final int CALLERS = 16;
  private static final int CONNECTIONS = 32;
  private static final int CONCURRENCY = 16;
  private static final String MAX_CONNECTIONS = "600";
  private static final Duration WARM_UP = Duration.ofSeconds(8);
  private static final Duration LEAD_IN = Duration.ofSeconds(1);

  private static final int CHUNK = 100_000;

  /**
   * Sagas as they are after their end, started since yesterday: young enough for the janitor to
   * leave them. Ids are of the instant and the slot, as the framework makes them.
   */
  private static final String ENDED =
      """
      WITH instance AS (
          INSERT INTO evenkeel.saga_instance (id, saga, saga_version, key, slot, command, state, progress, created_at, ended_at, version)
          SELECT (lpad(to_hex((extract(epoch FROM s.at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(mod(n, 4096)), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid,
                 'transfer', 1, 'old-' || n, mod(n, 4096), convert_to(repeat('x', 100), 'UTF8'), 'COMPLETED',
                 '["first", "second", "third"]', s.at, s.at + interval '2 seconds', 2
            FROM generate_series(%1$d, %2$d) AS n, LATERAL (SELECT now() - interval '1 day' + n * interval '1 millisecond' AS at) AS s
          RETURNING id, slot, saga, key, command
      ), keys AS (
          INSERT INTO evenkeel.saga_key (slot, saga, key, saga_id, started_by, request_hash)
          SELECT slot, saga, key, id, id, sha256(command) FROM instance
      )
      INSERT INTO evenkeel.saga_step (saga_id, step, item, direction, outcome, result, slot, epoch, attempt)
      SELECT id, step, 0, 'FORWARD', 'DONE', '{"number":1}', slot, 1, 1
        FROM instance, unnest(ARRAY['first', 'second', 'third']) AS step
      """;

  private SagaGrowth() {}

  static List<GrowthPart> parts() {
    return List.of(
        new GrowthPart("steps", SagaGrowth::steps),
        new GrowthPart("shards", SagaGrowth::shards),
        new GrowthPart("finished", SagaGrowth::finished));
  }

  private static void steps(Options options, Results results) throws Exception {
    try (PostgresServer server = server()) {
      for (int steps : STEPS) {
        try (Series series = new Series(server, "steps_" + steps, 1, steps)) {
          series.run(steps == STEPS.get(0) ? options.warmUp(WARM_UP) : LEAD_IN);
          series.measure("steps", steps, options, results);
        }
      }
    }
  }

  private static void shards(Options options, Results results) throws Exception {
    results.remark(
        "shards: a saga's home and its three steps are spread over so many databases of one server, which shares the machine with the callers; this shows what several databases cost, and not how hardware scales.");
    try (PostgresServer server = server()) {
      for (int shards : SHARDS) {
        try (Series series = new Series(server, "shards_" + shards, shards, StepNames.USUAL)) {
          series.run(shards == SHARDS.get(0) ? options.warmUp(WARM_UP) : LEAD_IN);
          series.measure("shards", shards, options, results);
        }
      }
    }
  }

  private static void finished(Options options, Results results) throws Exception {
    results.remark(
        "finished: on one database for each side, which has so many sagas that have ended, with key, instance and three steps each, made by SQL and vacuumed.");
    try (PostgresServer server = server();
        Series series = new Series(server, "finished", 1, StepNames.USUAL)) {
      series.run(options.warmUp(WARM_UP));
      int there = 0;
      for (int finished : FINISHED.stream().filter(n -> n <= options.most()).toList()) {
        for (SagaDatabases databases : series.databases()) {
          fill(databases.database(0), there + 1, finished);
        }
        there = finished;
        series.run(LEAD_IN);
        series.measure("finished", finished, options, results);
        System.out.printf("finished: %,d done%n", finished);
      }
    }
  }

  private static void fill(BenchDatabase database, int first, int last) throws Exception {
    for (int from = first; from <= last; from += CHUNK) {
      int to = Math.min(last, from + CHUNK - 1);
      database.execute(List.of("SET synchronous_commit = off", ENDED.formatted(from, to)));
    }
    database.execute(
        List.of(
            "VACUUM (ANALYZE) evenkeel.saga_instance",
            "VACUUM (ANALYZE) evenkeel.saga_key",
            "VACUUM (ANALYZE) evenkeel.saga_step"));
    database.settle();
  }

  private static PostgresServer server() {
    return PostgresServer.builder().setting("max_connections", MAX_CONNECTIONS).start();
  }

  /** Ours and the bare protocol, which are open at once and take turns of a second. */
  private static final class Series implements AutoCloseable {

    private final Map<String, SagaDatabases> databases = new LinkedHashMap<>();
    private final Map<String, SagaRunner> runners = new LinkedHashMap<>();

    Series(PostgresServer server, String name, int shards, int steps) throws Exception {
      SagaDatabases bare = SagaDatabases.create(server, BARE + "_" + name, shards);
      databases.put(BARE, bare);
      runners.put(BARE, new BareSagas(bare, bare.openPools(CONNECTIONS), steps));
      SagaDatabases ours = SagaDatabases.create(server, EVENKEEL + "_" + name, shards);
      databases.put(EVENKEEL, ours);
      List<HikariDataSource> pools = ours.openPools(CONNECTIONS);
      runners.put(EVENKEEL, new EngineSagas(pools, CONCURRENCY, false, steps));
    }

    List<SagaDatabases> databases() {
      return List.copyOf(databases.values());
    }

    Map<String, SagaLoad> run(Duration each) throws Exception {
      Map<SagaRunner, SagaLoad> sums =
          Turns.take(
              List.copyOf(runners.values()),
              each,
              (runner, turn) -> runner.run(CALLERS, turn),
              SagaLoad::plus);
      Map<String, SagaLoad> named = new LinkedHashMap<>();
      runners.forEach((name, runner) -> named.put(name, sums.get(runner)));
      return named;
    }

    void measure(String part, long x, Options options, Results results) throws Exception {
      for (int round = 1; round <= options.rounds(); round++) {
        run(options.duration())
            .forEach(
                (name, load) -> {
                  String point = GrowthPart.point(part, x, name);
                  results.add(point, "throughput", "sagas/s", load.perSecond());
                  results.add(point, "p50", "ms", load.millis(50));
                  results.add(point, "p99", "ms", load.millis(99));
                });
      }
    }

    @Override
    public void close() throws Exception {
      for (SagaRunner runner : runners.values()) {
        runner.close();
      }
      for (SagaDatabases of : databases.values()) {
        of.close();
      }
    }
  }
}
