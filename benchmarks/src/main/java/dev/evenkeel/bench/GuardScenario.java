package dev.evenkeel.bench;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Whether throughput has fallen: in about a minute and a half, the outbox with a consumer that does
 * nothing, and sagas of three steps, each beside its bare reference. All are open at once and take
 * turns of a second, so that what else the machine does slows both sides of a ratio; what is judged
 * is the median of the rounds' ratios.
 */
final class GuardScenario implements Scenario {

  static final String NAME = "guard";

  /** Of each round and side, unless it is said otherwise. */
  static final Duration DURATION = Duration.ofSeconds(4);

  private static final String OUTBOX = "outbox";
  private static final String SAGAS = "sagas";
  private static final String EVENKEEL = "evenkeel";
  private static final String BARE = "bare";

  /**
   * Between what noise reached and what a halved throughput did not, in repetitions on two cores,
   * half of them while something else was built; {@code docs/explanation/performance.md} has the
   * figures.
   */
  private static final double LEAST_OUTBOX = 0.5;

  private static final double LEAST_SAGAS = 0.4;

  private static final int WRITERS = 16;
  private static final int CALLERS = 16;
  private static final int CONNECTIONS = 48;
  private static final int CONCURRENCY = 16;

  /** Of each side; more turns follow until ours has done enough for the JVM to compile it. */
  private static final Duration WARM_UP = Duration.ofSeconds(8);

  private static final int MOST_WARM_UPS = 2;
  private static final int ENOUGH_EVENTS = 20_000;
  private static final int ENOUGH_SAGAS = 8_000;

  /** Room for both sides' pools. */
  private static final String MAX_CONNECTIONS = "300";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean isGuard() {
    return true;
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    if (options.halved()) {
      results.remark(
          "--halved: evenkeel did all its work twice and counted it once, as if it had become half as fast; this run has to fail.");
    }
    if (options.wants(OUTBOX)) {
      outbox(options, results);
    }
    if (options.wants(SAGAS)) {
      sagas(options, results);
    }
  }

  private static void outbox(Options options, Results results) throws Exception {
    results.target(OUTBOX, Results.Target.atLeast(LEAST_OUTBOX));
    int times = options.halved() ? 2 : 1;
    try (OpenPipeline bare = OpenPipeline.open(ReferencePipeline::new);
        OpenPipeline ours =
            OpenPipeline.open(
                database -> new EvenkeelPipeline(database, EvenkeelPipeline.Consumer.NO_OP))) {
      Turns.Measure<String, OpenPipeline.Handled> measure =
          (side, turn) ->
              side.equals(BARE) ? bare.run(WRITERS, turn) : ours.run(WRITERS, turn, times);
      List<String> sides = List.of(BARE, EVENKEEL);
      long done = 0;
      for (int again = 0; again < MOST_WARM_UPS && done < ENOUGH_EVENTS; again++) {
        done +=
            ours(Turns.take(sides, options.warmUp(WARM_UP), measure, OpenPipeline.Handled::plus))
                .orders();
      }
      for (int round = 1; round <= options.rounds(); round++) {
        bare.settle();
        Map<String, Double> rates = new LinkedHashMap<>();
        Turns.take(sides, options.duration(), measure, OpenPipeline.Handled::plus)
            .forEach((side, handled) -> rates.put(side, handled.perSecond()));
        add(OUTBOX, "events/s", rates, results);
      }
    }
  }

  private static void sagas(Options options, Results results) throws Exception {
    results.target(SAGAS, Results.Target.atLeast(LEAST_SAGAS));
    int times = options.halved() ? 2 : 1;
    try (PostgresServer server =
            PostgresServer.builder().setting("max_connections", MAX_CONNECTIONS).start();
        SagaDatabases bareDatabases = SagaDatabases.create(server, BARE, 1);
        SagaDatabases ourDatabases = SagaDatabases.create(server, EVENKEEL, 1);
        BareSagas bare = new BareSagas(bareDatabases, CONNECTIONS);
        EngineSagas ours =
            new EngineSagas(ourDatabases.openPools(CONNECTIONS), CONCURRENCY, false)) {
      Turns.Measure<String, SagaLoad> measure =
          (side, turn) ->
              side.equals(BARE) ? bare.run(CALLERS, turn) : ours.run(CALLERS, turn, times);
      List<String> sides = List.of(BARE, EVENKEEL);
      long done = 0;
      for (int again = 0; again < MOST_WARM_UPS && done < ENOUGH_SAGAS; again++) {
        done += ours(Turns.take(sides, options.warmUp(WARM_UP), measure, SagaLoad::plus)).sagas();
      }
      for (int round = 1; round <= options.rounds(); round++) {
        bareDatabases.reset();
        ourDatabases.reset();
        Map<String, Double> rates = new LinkedHashMap<>();
        Turns.take(sides, options.duration(), measure, SagaLoad::plus)
            .forEach((side, load) -> rates.put(side, load.perSecond()));
        add(SAGAS, "sagas/s", rates, results);
      }
    }
  }

  private static void add(String part, String unit, Map<String, Double> rates, Results results) {
    rates.forEach((side, rate) -> results.add(part + "/" + side, "throughput", unit, rate));
    results.addRatio(part, ours(rates) / Objects.requireNonNull(rates.get(BARE)));
  }

  /** Ours. */
  private static <T> T ours(Map<String, T> sides) {
    return Objects.requireNonNull(sides.get(EVENKEEL));
  }
}
