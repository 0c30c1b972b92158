package dev.evenkeel.bench;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The sagas of {@link PeersScenario}: three steps, each one business insert, on one database. All
 * stay open; they are measured in turns of a second.
 */
final class SagaPeers {

  static final String PART = "sagas";

  private static final String EVENKEEL = "evenkeel";
  private static final String DBOS = "dbos";
  private static final String DBOS_TRANSACTIONAL = "dbos-transactional";

  private static final int STEPS = 3;
  private static final List<Integer> CALLERS = List.of(16, 48);
  private static final int CONNECTIONS = 48;
  private static final int CONCURRENCY = 16;

  /** Room for all pools. */
  private static final String MAX_CONNECTIONS = "600";

  /** Of each: the JVMs have compiled what matters by then. */
  private static final Duration WARM_UP = Duration.ofSeconds(10);

  /** After a checkpoint the first writers pay for all. */
  private static final Duration LEAD_IN = Duration.ofSeconds(1);

  private record Entrant(String name, SagaDatabases databases, SagaRunner runner)
      implements AutoCloseable {

    @Override
    public void close() throws Exception {
      runner.close();
      databases.close();
    }
  }

  private final Options options;
  private final Results results;

  SagaPeers(Options options, Results results) {
    this.options = options;
    this.results = results;
  }

  void run() throws Exception {
    results.target("vsDbos", Results.Target.atLeast(3));
    results.remark(
        "sagas: vsDbos is with the faster one of DBOS's two kinds of steps; \"dbos\" has them as its guide shows them, which may take effect again after a crash; \"transactional\" ones do not, as the framework's.");
    results.remark(
        "sagas: Eventuate Tram Sagas is not measured. Its messages need a CDC service and a message broker; the service is published as a container image, not as an artifact, and what its artifacts can do without it is an in-memory stub for tests.");
    try (PostgresServer server =
        PostgresServer.builder().setting("max_connections", MAX_CONNECTIONS).start()) {
      List<Entrant> entrants = new ArrayList<>();
      try {
        for (String name : List.of(EVENKEEL, DBOS, DBOS_TRANSACTIONAL)) {
          entrants.add(enter(server, name));
        }
        load(entrants, CALLERS.get(CALLERS.size() - 1), options.warmUp(WARM_UP));
        for (int round = 1; round <= options.rounds(); round++) {
          for (int callers : CALLERS) {
            measure(entrants, callers);
          }
          System.out.printf("sagas: round %d of %d done%n", round, options.rounds());
        }
      } finally {
        for (Entrant entrant : entrants) {
          entrant.close();
        }
      }
    }
  }

  private Entrant enter(PostgresServer server, String name) throws Exception {
    SagaDatabases databases = SagaDatabases.create(server, name.replace('-', '_'), 1);
    if (name.equals(EVENKEEL)) {
      results.settings(
          "sagas/" + name,
          Map.of(
              "connections", String.valueOf(CONNECTIONS),
              "evenkeel.saga.concurrency", String.valueOf(CONCURRENCY),
              "everything else", "as it comes"));
      return new Entrant(
          name,
          databases,
          ChildSagas.evenkeel(databases.database(0).info(), CONNECTIONS, CONCURRENCY));
    }
    boolean transactional = name.equals(DBOS_TRANSACTIONAL);
    results.settings("sagas/" + name, ChildSagas.dbosSettings(transactional));
    return new Entrant(
        name, databases, ChildSagas.dbos(databases.database(0).info(), transactional));
  }

  private void measure(List<Entrant> entrants, int callers) throws Exception {
    for (Entrant entrant : entrants) {
      entrant.databases().reset();
    }
    Map<Entrant, SagaLoad> leadIn = load(entrants, callers, LEAD_IN);
    Map<Entrant, SagaLoad> loads = load(entrants, callers, options.duration());
    Map<String, Double> perSecond = new LinkedHashMap<>();
    for (Entrant entrant : entrants) {
      SagaLoad load = of(loads, entrant);
      String name = PART + "/" + entrant.name() + "/" + callers;
      results.add(name, "throughput", "sagas/s", load.perSecond());
      results.add(name, "p50", "ms", load.millis(50));
      results.add(name, "p99", "ms", load.millis(99));
      results.add(name, "JVM's CPU", "us/saga", load.cpuMicros());
      perSecond.put(entrant.name(), load.perSecond());
      long sagas = load.sagas() + of(leadIn, entrant).sagas();
      long effects = entrant.databases().effects();
      if (effects != STEPS * sagas) {
        results.invalidate("%s: %d completed left %d effects".formatted(name, sagas, effects));
      }
    }
    double best = Math.max(of(perSecond, DBOS), of(perSecond, DBOS_TRANSACTIONAL));
    double ratio = of(perSecond, EVENKEEL) / best;
    results.addRatio("vsDbos", ratio);
    results.addRatio("vsDbos/" + callers, ratio);
  }

  private static Map<Entrant, SagaLoad> load(List<Entrant> entrants, int callers, Duration each)
      throws Exception {
    return Turns.take(
        entrants,
        each,
        (entrant, duration) -> entrant.runner().run(callers, duration),
        SagaLoad::plus);
  }

  private static <K, T> T of(Map<K, T> map, K key) {
    return Objects.requireNonNull(map.get(key));
  }
}
