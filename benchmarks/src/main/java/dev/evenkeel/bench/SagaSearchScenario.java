package dev.evenkeel.bench;

import dev.evenkeel.saga.SagaEngine;
import dev.evenkeel.saga.SagaFilter;
import dev.evenkeel.saga.SagaOperations;
import dev.evenkeel.saga.SagaOptions;
import dev.evenkeel.saga.SagaPage;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.testing.database.PostgresServer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Operators' search over a million sagas that have ended, on one home shard. */
final class SagaSearchScenario implements Scenario {

  private static final int SAGAS = 1_000_000;
  private static final int CHUNK = 100_000;
  private static final int TIMES = 25;
  private static final int PAGE = 100;
  private static final double TARGET_MILLIS = 200;
  private static final double NANOS_PER_MILLI = 1e6;

  /** The first of them was started then; one each 100 ms. */
  private static final Instant FIRST = Instant.parse("2026-01-01T00:00:00Z");

  /**
   * Five sagas; each nineteenth has turned back at one of four steps, one in 10,000 of these has
   * failed in a way of its own. Ids are of the instant and the slot, as the framework makes them.
   */
  private static final String INSTANCES =
      """
      INSERT INTO evenkeel.saga_instance (id, saga, saga_version, key, slot, command, headers, state, failure, progress, created_at, ended_at, version)
      SELECT (lpad(to_hex((extract(epoch FROM s.at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(mod(n, 4096)), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid,
             'saga-' || mod(n, 5), 1, 'order-' || n, mod(n, 4096),
             convert_to(repeat('x', 150), 'UTF8'), '{"correlation-id": "0123456789"}',
             CASE WHEN mod(n, 19) = 0 THEN 'COMPENSATED' ELSE 'COMPLETED' END,
             CASE WHEN mod(n, 19) = 0 THEN jsonb_build_object('reason', 'REFUSED', 'step', 'step-' || mod(n / 19, 4), 'type', 'Refused',
                  'message', CASE WHEN mod(n, 190000) = 0 THEN 'The needle was not found' ELSE 'Nothing is left of article ' || n END) END,
             jsonb_build_object('done', '[]'::jsonb, 'attempts', '{}'::jsonb, 'history', jsonb_build_array(repeat('h', 300))),
             s.at, s.at + interval '2 seconds', 4
        FROM generate_series(%d, %d) n, LATERAL (SELECT timestamptz '2026-01-01 00:00:00Z' + n * interval '100 milliseconds' AS at) s
      """;

  private static final String KEYS =
      """
      INSERT INTO evenkeel.saga_key (slot, saga, key, saga_id, started_by, request_hash)
      SELECT slot, saga, key, id, id, sha256(command) FROM evenkeel.saga_instance
      """;

  @Override
  public String name() {
    return "saga-search";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    results.target("slowest p99 (ms)", Results.Target.atMost(TARGET_MILLIS));
    results.remark(
        "1,000,000 sagas that have ended on one home shard, none analyzed or vacuumed since; the first page of 100 of each filter, %d times a round. \"stopped\" searches have examined %,d instances and say so."
            .formatted(TIMES, SagaOperations.MOST_EXAMINED));
    try (PostgresServer server = PostgresServer.builder().start();
        SagaDatabases databases = SagaDatabases.create(server, "search", 1)) {
      fill(databases.database(0));
      EngineShards shards = new EngineShards(databases.openPools(2));
      SagaEngine engine =
          EngineSagas.engine(
              SagaOptions.defaults(SagaDatabases.SCHEMA, "bench"),
              shards,
              SagaObserver.NONE,
              EngineSagas.TIMEOUT,
              context -> {}); // never started: nothing runs beside the search
      double slowest = 0;
      for (int round = 1; round <= options.rounds(); round++) {
        for (Map.Entry<String, SagaFilter> filter : filters().entrySet()) {
          slowest =
              Math.max(
                  slowest,
                  measure(filter.getKey(), filter.getValue(), engine.operations(), results));
        }
        System.out.printf("round %d of %d done%n", round, options.rounds());
      }
      results.addFigure("slowest p99 (ms)", slowest);
    }
  }

  private static void fill(BenchDatabase database) throws Exception {
    for (int from = 1; from <= SAGAS; from += CHUNK) {
      database.execute(INSTANCES.formatted(from, from + CHUNK - 1));
    }
    database.execute(KEYS);
    database.settle();
  }

  private static Map<String, SagaFilter> filters() {
    SagaFilter all = SagaFilter.all();
    Instant middle = FIRST.plusMillis(SAGAS * 50L);
    Map<String, SagaFilter> filters = new LinkedHashMap<>();
    filters.put("all", all);
    filters.put("saga", all.withSaga("saga-3"));
    filters.put("unknown saga", all.withSaga("saga-9"));
    filters.put("key", all.withKey("order-123456"));
    filters.put("unknown key", all.withKey("order-0"));
    filters.put("saga, key", all.withSaga("saga-1").withKey("order-123456"));
    filters.put("completed", all.withStates(SagaState.COMPLETED));
    filters.put("compensated", all.withStates(SagaState.COMPENSATED));
    filters.put("compensating", all.withStates(SagaState.COMPENSATING));
    filters.put("running", all.withStates(SagaState.RUNNING));
    filters.put("stuck", all.onlyStuck());
    filters.put("started before", all.withStartedBefore(middle));
    filters.put("started after", all.withStartedAfter(middle));
    filters.put(
        "started between", all.withStartedAfter(middle).withStartedBefore(middle.plusSeconds(60)));
    filters.put("step", all.withStep("step-2"));
    filters.put("unknown step", all.withStep("step-9"));
    filters.put("common error", all.withError("article"));
    filters.put("rare error", all.withError("needle"));
    filters.put("unknown error", all.withError("haystack"));
    filters.put("saga, compensated", all.withSaga("saga-0").withStates(SagaState.COMPENSATED));
    filters.put("saga, completed", all.withSaga("saga-0").withStates(SagaState.COMPLETED));
    filters.put("saga, started before", all.withSaga("saga-2").withStartedBefore(middle));
    filters.put(
        "compensated, started before",
        all.withStates(SagaState.COMPENSATED).withStartedBefore(middle));
    filters.put("step, rare error", all.withStep("step-0").withError("needle"));
    return filters;
  }

  private static double measure(
      String name, SagaFilter filter, SagaOperations operations, Results results) {
    List<Double> millis = new ArrayList<>(TIMES);
    SagaPage page =
        operations.search(filter, PAGE, null); // what the server reads for the first time
    for (int i = 0; i < TIMES; i++) {
      long before = System.nanoTime();
      page = operations.search(filter, PAGE, null);
      millis.add((System.nanoTime() - before) / NANOS_PER_MILLI);
    }
    Collections.sort(millis);
    String full = page.stopped() ? name + " (stopped)" : name;
    results.add(full, "found", "sagas", page.sagas().size());
    results.add(full, "p50", "ms", millis.get(TIMES / 2));
    double slow = millis.get(Math.min(TIMES - 1, (int) Math.ceil(TIMES * 0.99) - 1));
    results.add(full, "p99", "ms", slow);
    return slow;
  }
}
