package dev.evenkeel.bench;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Sagas of three steps of a participant: asked by messages through the relay, beside the same steps
 * called directly. Both on one database.
 */
final class RemoteSagaScenario implements Scenario {

  private static final String REMOTE = "remote";
  private static final String LOCAL = "local";
  private static final int STEPS = 3;
  private static final List<Integer> CALLERS = List.of(16, 48);
  private static final Duration WARM_UP = Duration.ofSeconds(10);
  private static final Duration LEAD_IN = Duration.ofSeconds(1);
  private static final int CONNECTIONS = 48;
  private static final int CONCURRENCY = 16;
  private static final String MAX_CONNECTIONS = "200";

  private record Entrant(String name, SagaDatabases databases, SagaRunner runner) {}

  @Override
  public String name() {
    return "saga-remote";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    results.remark(
        "remote: commands and answers travel by outbox, WAL and lanes of the same process; a broker in between adds its own delay.");
    results.remark("commits: all of the database's, the relay's and its heartbeats' included.");
    try (PostgresServer server =
        PostgresServer.builder().setting("max_connections", MAX_CONNECTIONS).start()) {
      List<Entrant> entrants = new ArrayList<>();
      try {
        for (String name : List.of(LOCAL, REMOTE)) {
          if (options.wants(name)) {
            SagaDatabases databases = SagaDatabases.create(server, name, 1);
            entrants.add(
                new Entrant(
                    name,
                    databases,
                    new ParticipantSagas(
                        databases, CONNECTIONS, CONCURRENCY, name.equals(REMOTE))));
          }
        }
        load(entrants, CALLERS.get(CALLERS.size() - 1), WARM_UP);
        for (int round = 1; round <= options.rounds(); round++) {
          for (int callers : CALLERS) {
            measure(entrants, callers, options, results);
          }
          System.out.printf("round %d of %d done%n", round, options.rounds());
        }
      } finally {
        for (Entrant entrant : entrants) {
          entrant.runner().close();
          entrant.databases().close();
        }
      }
    }
  }

  private static void measure(List<Entrant> entrants, int callers, Options options, Results results)
      throws Exception {
    Map<Entrant, Long> commitsBefore = new LinkedHashMap<>();
    for (Entrant entrant : entrants) {
      entrant.databases().reset();
      commitsBefore.put(entrant, entrant.databases().commits());
    }
    Map<Entrant, SagaLoad> leadIn = load(entrants, callers, LEAD_IN);
    Map<Entrant, SagaLoad> loads = load(entrants, callers, options.duration());
    Map<String, Double> perSecond = new LinkedHashMap<>();
    for (Entrant entrant : entrants) {
      SagaLoad load = Objects.requireNonNull(loads.get(entrant));
      long sagas = load.sagas() + Objects.requireNonNull(leadIn.get(entrant)).sagas();
      long commits =
          entrant.databases().commits() - Objects.requireNonNull(commitsBefore.get(entrant));
      String name = entrant.name() + "/" + callers;
      results.add(name, "throughput", "sagas/s", load.perSecond());
      results.add(name, "p50", "ms", load.millis(50));
      results.add(name, "p99", "ms", load.millis(99));
      results.add(name, "commits", "per saga", commits / (double) sagas);
      results.add(name, "JVM's CPU", "us/saga", load.cpuMicros());
      perSecond.put(entrant.name(), load.perSecond());
      long effects = entrant.databases().effects();
      if (effects != STEPS * sagas) {
        results.invalidate("%s: %d completed left %d effects".formatted(name, sagas, effects));
      }
    }
    Double local = perSecond.get(LOCAL);
    Double remote = perSecond.get(REMOTE);
    if (local != null && remote != null) {
      results.addRatio("remote of local/" + callers, remote / local);
    }
  }

  private static Map<Entrant, SagaLoad> load(List<Entrant> entrants, int callers, Duration each)
      throws Exception {
    return Turns.take(
        entrants,
        each,
        (entrant, duration) -> entrant.runner().run(callers, duration),
        SagaLoad::plus);
  }
}
