package dev.evenkeel.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Through a real Kafka broker to a plain consumer, beside bare JDBC, bare Debezium and a producer:
 * throughput, delay, and what the sender uses under a steady load.
 */
final class KafkaScenario implements Scenario {

  private static final String END_TO_END = "endToEnd";
  private static final String DELAY = "delay";
  private static final String STEADY = "steady";
  private static final String REFERENCE = "reference";

  private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(25);

  /** Less than this share of the load that was meant is another load. */
  private static final double LEAST_OF_STEADY = 0.98;

  private static final double MEBIBYTE = 1 << 20;

  /** The variants' processes, which stay warm. */
  private record Senders(Broker broker, Map<KafkaVariant, Sender> processes)
      implements AutoCloseable {

    static Senders start() throws Exception {
      Senders senders = new Senders(Broker.start(), new EnumMap<>(KafkaVariant.class));
      for (KafkaVariant variant : KafkaVariant.values()) {
        senders.processes.put(variant, Sender.start(variant, senders.broker));
      }
      return senders;
    }

    Sender of(KafkaVariant variant) {
      return Objects.requireNonNull(processes.get(variant));
    }

    @Override
    public void close() throws Exception {
      for (Sender sender : processes.values()) {
        sender.close();
      }
      broker.close();
    }
  }

  /** Measures one variant on a database of its own. */
  private interface Measure<T> {
    T of(BenchDatabase database, Pipeline pipeline, Sender sender) throws Exception;
  }

  @Override
  public String name() {
    return "kafka";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    results.target("endToEnd", Results.Target.atLeast(0.85));
    results.target("referenceOfRaw", Results.Target.atLeast(BareDrain.LEAST_OF_RAW));
    results.remark(
        "The broker runs in a process of its own, the sender in another, writers and consumer in"
            + " a third; all share this machine, whose load average was %.1f at the start."
                .formatted(Cpu.loadAverage()));
    try (Senders senders = Senders.start()) {
      Duration warmUp = options.duration().multipliedBy(3);
      Duration shorter = warmUp.compareTo(LONGEST_WARM_UP) < 0 ? warmUp : LONGEST_WARM_UP;
      inTurns(
          senders,
          1,
          (database, pipeline, sender) -> EndToEnd.measure(database, pipeline, shorter));
      for (int round = 1; round <= options.rounds(); round++) {
        if (options.wants(END_TO_END)) {
          endToEnd(senders, round, options.duration(), results);
        }
        if (options.wants(DELAY)) {
          delay(senders, round, options.duration().multipliedBy(2), results);
        }
        if (options.wants(STEADY)) {
          steady(senders, round, options.duration().multipliedBy(2), results);
        }
        System.out.printf("round %d of %d done%n", round, options.rounds());
      }
    }
    if (options.wants(REFERENCE)) {
      reference(results);
    }
  }

  /** Forwards in one round, backwards in the next, so that drift touches both alike. */
  private static <T> Map<KafkaVariant, T> inTurns(Senders senders, int round, Measure<T> measure)
      throws Exception {
    List<KafkaVariant> order = new ArrayList<>(List.of(KafkaVariant.values()));
    if (round % 2 == 0) {
      Collections.reverse(order);
    }
    Map<KafkaVariant, T> measured = new EnumMap<>(KafkaVariant.class);
    for (KafkaVariant variant : order) {
      Sender sender = senders.of(variant);
      try (BenchDatabase database = BenchDatabase.create();
          Pipeline pipeline = new KafkaPipeline(database, senders.broker(), sender)) {
        measured.put(variant, measure.of(database, pipeline, sender));
      }
    }
    return measured;
  }

  private static void endToEnd(Senders senders, int round, Duration duration, Results results)
      throws Exception {
    Map<KafkaVariant, EndToEnd> measured =
        inTurns(
            senders,
            round,
            (database, pipeline, sender) -> EndToEnd.measure(database, pipeline, duration));
    measured.forEach(
        (variant, outcome) -> {
          String name = END_TO_END + "/" + variant.label();
          results.add(name, "throughput", "events/s", outcome.eventsPerSecond());
          results.add(name, "behind", "ms", outcome.behindMillis());
          results.add(name, "writers' CPU", "us/event", outcome.cpuMicros());
        });
    results.addRatio(
        "endToEnd",
        of(measured, KafkaVariant.EVENKEEL).eventsPerSecond()
            / of(measured, KafkaVariant.REFERENCE).eventsPerSecond());
  }

  private static void delay(Senders senders, int round, Duration duration, Results results)
      throws Exception {
    Map<KafkaVariant, Delay> measured =
        inTurns(
            senders,
            round,
            (database, pipeline, sender) -> Delay.measure(database, pipeline, duration));
    measured.forEach((variant, delay) -> addDelay(DELAY + "/" + variant.label(), delay, results));
    Delay evenkeel = of(measured, KafkaVariant.EVENKEEL);
    Delay reference = of(measured, KafkaVariant.REFERENCE);
    results.addRatio("delayP50", evenkeel.p50Millis() / reference.p50Millis());
    results.addRatio("delayP99", evenkeel.p99Millis() / reference.p99Millis());
  }

  private static void addDelay(String name, Delay delay, Results results) {
    results.add(name, "p50", "ms", delay.p50Millis());
    results.add(name, "p99", "ms", delay.p99Millis());
    results.add(name, "max", "ms", delay.maxMillis());
  }

  private static void steady(Senders senders, int round, Duration duration, Results results)
      throws Exception {
    Map<KafkaVariant, Steady> measured =
        inTurns(
            senders,
            round,
            (database, pipeline, sender) -> Steady.measure(database, pipeline, sender, duration));
    measured.forEach(
        (variant, steady) -> {
          String name = STEADY + "/" + variant.label();
          results.add(name, "throughput", "events/s", steady.perSecond());
          results.add(name, "sender's CPU", "us/event", steady.cpuMicros());
          results.add(name, "heap, live", "MiB", steady.liveBytes() / MEBIBYTE);
          results.add(name, "heap, peak", "MiB", steady.peakBytes() / MEBIBYTE);
          addDelay(name, steady.delay(), results);
          if (steady.perSecond() < LEAST_OF_STEADY * Steady.PER_SECOND) {
            results.remark(
                "In round %d only %.0f of %d events/s came through with %s: the machine had no more."
                    .formatted(round, steady.perSecond(), Steady.PER_SECOND, variant.label()));
          }
        });
    Steady evenkeel = of(measured, KafkaVariant.EVENKEEL);
    Steady reference = of(measured, KafkaVariant.REFERENCE);
    results.addRatio("steadyCpu", evenkeel.cpuMicros() / reference.cpuMicros());
    results.addRatio("steadyHeap", evenkeel.liveBytes() / (double) reference.liveBytes());
  }

  /** Whether the reference's engine is one. */
  private static void reference(Results results) throws Exception {
    BareDrain.measure(Drain.BULK); // this process has not run the engine yet
    BareDrain bare = BareDrain.measure(Drain.ORDERS);
    results.add("drain/raw pgoutput", "throughput", "rows/s", bare.raw());
    results.add("drain/reference, no broker", "throughput", "rows/s", bare.reference());
    results.addRatio("referenceOfRaw", bare.reference() / bare.raw());
    bare.judge(results);
  }

  private static <T> T of(Map<KafkaVariant, T> measured, KafkaVariant variant) {
    return Objects.requireNonNull(measured.get(variant));
  }
}
