package dev.evenkeel.bench;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sagas of three steps, each one business insert, beside the same protocol in bare JDBC and beside
 * DBOS Transact: on one database, and on three of one server with each step on another.
 */
final class SagaScenario implements Scenario {

  private static final String ONE = "one";
  private static final String THREE = "three";
  private static final String COMPENSATED = "compensated";
  private static final String RECOVERY = "recovery";
  private static final String EVENKEEL = "evenkeel";
  private static final String BARE = "bare";
  private static final String DBOS = "dbos";
  private static final String DBOS_TRANSACTIONAL = "dbos-transactional";

  private static final List<String> ENTRANTS =
      List.of(
          ONE + "/" + EVENKEEL,
          ONE + "/" + BARE,
          ONE + "/" + DBOS,
          ONE + "/" + DBOS_TRANSACTIONAL,
          THREE + "/" + EVENKEEL,
          THREE + "/" + BARE,
          COMPENSATED + "/" + EVENKEEL);

  private static final int STEPS = 3;
  private static final int DATABASES = 3;
  private static final List<Integer> CALLERS = List.of(16, 48);

  private static final Map<String, Double> TARGETS =
      Map.of("vsDbos", 3.0, "vsBareOne", 0.75, "vsBareThree", 0.65);

  /** Of each variant: the JVMs have compiled what matters by then. */
  private static final Duration WARM_UP = Duration.ofSeconds(10);

  /** After a checkpoint the first writers pay for all. */
  private static final Duration LEAD_IN = Duration.ofSeconds(1);

  /** Most connections to each database, of whatever is compared. */
  private static final int CONNECTIONS = 48;

  /** Most steps of the engine that run at one time on each database. */
  private static final int CONCURRENCY = 16;

  /** A bare protocol that is not clearly faster than DBOS was disturbed, or is none. */
  private static final double LEAST_BARE_OF_DBOS = 2.5;

  /** Room for all variants' pools. */
  private static final String MAX_CONNECTIONS = "600";

  /**
   * A variant with its databases.
   *
   * @param name as the results have it
   */
  private record Entrant(String name, SagaDatabases databases, SagaRunner runner)
      implements AutoCloseable {

    long commits() throws Exception {
      runner.endSessions();
      return databases.commits();
    }

    @Override
    public void close() throws Exception {
      runner.close();
      databases.close();
    }
  }

  @Override
  public String name() {
    return "saga";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    for (String ratio : List.of("vsDbos", "vsBareOne", "vsBareThree")) {
      results.target(ratio, Results.Target.atLeast(of(TARGETS, ratio)));
    }
    results.remark(
        "dbos: steps as its guide shows them, which may take effect again after a crash; \"transactional\" ones do not, as the framework's. The ratio is with the faster one.");
    results.remark(
        "three: the databases are on one server, which shares the machine with the callers; this shows what several databases cost, and not how hardware scales.");
    try (PostgresServer server =
        PostgresServer.builder().setting("max_connections", MAX_CONNECTIONS).start()) {
      List<Entrant> entrants = new ArrayList<>();
      try {
        for (String name : ENTRANTS) {
          if (options.wants(name) || options.wants(name.substring(0, name.indexOf('/')))) {
            entrants.add(enter(server, name));
          }
        }
        if (!entrants.isEmpty()) {
          throughput(entrants, options, results);
        }
      } finally {
        for (Entrant entrant : entrants) {
          entrant.close();
        }
      }
      if (options.wants(RECOVERY)) {
        recovery(server, options, results);
      }
    }
  }

  private static Entrant enter(PostgresServer server, String name) throws Exception {
    String[] words = name.split("/", -1);
    SagaDatabases databases =
        SagaDatabases.create(
            server, name.replaceAll("[^a-z]+", "_"), words[0].equals(THREE) ? DATABASES : 1);
    SagaRunner runner =
        switch (words[1]) {
          case EVENKEEL ->
              new EngineSagas(
                  databases.openPools(CONNECTIONS), CONCURRENCY, words[0].equals(COMPENSATED));
          case BARE -> new BareSagas(databases, CONNECTIONS);
          case DBOS -> ChildSagas.dbos(databases.database(0).info(), false);
          case DBOS_TRANSACTIONAL -> ChildSagas.dbos(databases.database(0).info(), true);
          default -> throw new IllegalArgumentException(name + " is no variant");
        };
    return new Entrant(name, databases, runner);
  }

  private static void recovery(PostgresServer server, Options options, Results results)
      throws Exception {
    for (int round = 1; round <= options.rounds(); round++) {
      try (SagaDatabases databases = SagaDatabases.create(server, "recovery_" + round, DATABASES)) {
        SagaRecovery recovery = SagaRecovery.measure(databases, CONCURRENCY);
        results.add(RECOVERY, "first step", "ms", recovery.firstStepMillis());
        results.add(RECOVERY, "all completed", "ms", recovery.allMillis());
        requireEffects(RECOVERY, SagaRecovery.SAGAS, databases.effects(), results);
      }
      System.out.printf("%s: round %d of %d done%n", RECOVERY, round, options.rounds());
    }
  }

  private static void throughput(List<Entrant> entrants, Options options, Results results)
      throws Exception {
    load(entrants, CALLERS.get(CALLERS.size() - 1), WARM_UP);
    for (int round = 1; round <= options.rounds(); round++) {
      for (int callers : CALLERS) {
        measure(entrants, callers, options, results);
      }
      System.out.printf("round %d of %d done%n", round, options.rounds());
    }
  }

  private static void measure(List<Entrant> entrants, int callers, Options options, Results results)
      throws Exception {
    Map<Entrant, Long> commitsBefore = new LinkedHashMap<>();
    Map<Entrant, Long> compensatedBefore = new LinkedHashMap<>();
    for (Entrant entrant : entrants) {
      entrant.databases().reset();
      commitsBefore.put(entrant, entrant.commits());
      compensatedBefore.put(entrant, entrant.runner().compensated());
    }
    Map<Entrant, SagaLoad> leadIn = load(entrants, callers, LEAD_IN);
    Map<Entrant, SagaLoad> loads = load(entrants, callers, options.duration());
    for (Entrant entrant : entrants) {
      SagaLoad load = of(loads, entrant);
      long sagas = load.sagas() + of(leadIn, entrant).sagas();
      String name = entrant.name() + "/" + callers;
      results.add(name, "throughput", "sagas/s", load.perSecond());
      results.add(name, "p50", "ms", load.millis(50));
      results.add(name, "p99", "ms", load.millis(99));
      results.add(
          name,
          "commits",
          "per saga",
          (entrant.commits() - of(commitsBefore, entrant)) / (double) sagas);
      results.add(name, "JVM's CPU", "us/saga", load.cpuMicros());
      long completed = sagas - entrant.runner().compensated() + of(compensatedBefore, entrant);
      requireEffects(name, completed, entrant.databases().effects(), results);
    }
    ratios(loads, callers, results);
  }

  /** Each ratio twice: over all numbers of callers, and for this one. */
  private static void ratios(Map<Entrant, SagaLoad> loads, int callers, Results results) {
    Map<String, Double> perSecond = new LinkedHashMap<>();
    loads.forEach((entrant, load) -> perSecond.put(entrant.name(), load.perSecond()));
    Double dbos =
        max(perSecond.get(ONE + "/" + DBOS), perSecond.get(ONE + "/" + DBOS_TRANSACTIONAL));
    ratio("vsDbos", perSecond.get(ONE + "/" + EVENKEEL), dbos, callers, results);
    ratio(
        "vsBareOne",
        perSecond.get(ONE + "/" + EVENKEEL),
        perSecond.get(ONE + "/" + BARE),
        callers,
        results);
    ratio(
        "vsBareThree",
        perSecond.get(THREE + "/" + EVENKEEL),
        perSecond.get(THREE + "/" + BARE),
        callers,
        results);
    Double bare = perSecond.get(ONE + "/" + BARE);
    if (bare != null && dbos != null && bare < LEAST_BARE_OF_DBOS * dbos) {
      results.invalidate(
          "%d callers: the bare protocol does %.0f sagas/s and DBOS %.0f, so it is no reference; it should do at least %.1f times as many"
              .formatted(callers, bare, dbos, LEAST_BARE_OF_DBOS));
    }
  }

  private static void ratio(
      String name,
      @Nullable Double ours,
      @Nullable Double reference,
      int callers,
      Results results) {
    if (ours != null && reference != null) {
      results.addRatio(name, ours / reference);
      results.addRatio(name + "/" + callers, ours / reference);
    }
  }

  private static @Nullable Double max(@Nullable Double one, @Nullable Double other) {
    return one == null ? other : other == null ? one : Double.valueOf(Math.max(one, other));
  }

  private static Map<Entrant, SagaLoad> load(List<Entrant> entrants, int callers, Duration each)
      throws Exception {
    return Turns.take(
        entrants,
        each,
        (entrant, duration) -> entrant.runner().run(callers, duration),
        SagaLoad::plus);
  }

  /** A throughput counts only if its rows are there. */
  private static void requireEffects(String name, long completed, long effects, Results results) {
    if (effects != STEPS * completed) {
      results.invalidate("%s: %d completed left %d effects".formatted(name, completed, effects));
    }
  }

  private static <K, T> T of(Map<K, T> map, K key) {
    return Objects.requireNonNull(map.get(key));
  }
}
