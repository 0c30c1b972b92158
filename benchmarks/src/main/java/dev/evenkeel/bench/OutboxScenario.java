package dev.evenkeel.bench;

import dev.evenkeel.outbox.OutboxStorage;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * The outbox and its relay beside bare JDBC and bare Debezium: throughput until handled, delay from
 * commit to handler, and the time to work off a backlog; and the outbox that is no table beside the
 * one that is.
 */
final class OutboxScenario implements Scenario {

  private static final String END_TO_END = "endToEnd";
  private static final String DELAY = "delay";
  private static final String DRAIN = "drain";
  private static final String DRAIN_BULK = "drainBulk";
  private static final String STORAGE = "storage";

  /** The JVM needs that long until throughput rises no more. */
  private static final Duration WARM_UP = Duration.ofSeconds(25);

  private static final Duration DELAY_DURATION = Duration.ofSeconds(20);

  private enum Variant {
    REFERENCE,
    NO_OP,
    INBOX,
    INBOX_GROUPED;

    Pipeline on(BenchDatabase database) {
      return switch (this) {
        case REFERENCE -> new ReferencePipeline(database);
        case NO_OP -> new EvenkeelPipeline(database, EvenkeelPipeline.Consumer.NO_OP);
        case INBOX -> new EvenkeelPipeline(database, EvenkeelPipeline.Consumer.INBOX);
        case INBOX_GROUPED ->
            new EvenkeelPipeline(database, EvenkeelPipeline.Consumer.INBOX_GROUPED);
      };
    }

    String label() {
      return switch (this) {
        case REFERENCE -> "reference";
        case NO_OP -> "evenkeel no-op";
        case INBOX -> "evenkeel inbox";
        case INBOX_GROUPED -> "evenkeel inbox grouped";
      };
    }
  }

  @Override
  public String name() {
    return "outbox";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    results.target("endToEnd", Results.Target.atLeast(0.85));
    results.target("delayP50", Results.Target.atMost(1.1));
    results.target("delayP99", Results.Target.atMost(1.1));
    results.target("drain", Results.Target.atLeast(0.9));
    results.target("drainOfRaw", Results.Target.atLeast(0.5));
    results.target("drainReferenceOfRaw", Results.Target.atLeast(BareDrain.LEAST_OF_RAW));
    results.target("drainBulk", Results.Target.atLeast(0.9));
    warmUp(options);
    for (int round = 1; round <= options.rounds(); round++) {
      if (options.wants(END_TO_END)) {
        endToEnd(options.duration(), results);
      }
      if (options.wants(DELAY)) {
        delay(results);
      }
      if (options.wants(DRAIN)) {
        drain(Drain.ORDERS, DRAIN, results);
      }
      if (options.wants(DRAIN_BULK)) {
        drain(Drain.BULK, DRAIN_BULK, results);
      }
      if (options.wants(STORAGE)) {
        storage(options.duration(), results);
      }
      System.out.printf("round %d of %d done%n", round, options.rounds());
    }
  }

  /** Lets the JVM compile; nothing of it is recorded. */
  private static void warmUp(Options options) throws Exception {
    for (Variant variant : Variant.values()) {
      endToEnd(variant, WARM_UP);
    }
    if (options.wants(DRAIN) || options.wants(DRAIN_BULK)) {
      BareDrain.measure(Drain.BULK);
      drain(Drain.BULK, Variant.NO_OP);
    }
  }

  private static void endToEnd(Duration duration, Results results) throws Exception {
    Map<Variant, EndToEnd> measured = new EnumMap<>(Variant.class);
    for (Variant variant : Variant.values()) {
      EndToEnd outcome = endToEnd(variant, duration);
      measured.put(variant, outcome);
      String name = END_TO_END + "/" + variant.label();
      results.add(name, "throughput", "events/s", outcome.eventsPerSecond());
      results.add(name, "behind", "ms", outcome.behindMillis());
      results.add(name, "JVM's CPU", "us/event", outcome.cpuMicros());
    }
    double reference = of(measured, Variant.REFERENCE).eventsPerSecond();
    results.addRatio("endToEnd", of(measured, Variant.NO_OP).eventsPerSecond() / reference);
    results.addRatio("endToEndInbox", of(measured, Variant.INBOX).eventsPerSecond() / reference);
    results.addRatio(
        "endToEndInboxGrouped", of(measured, Variant.INBOX_GROUPED).eventsPerSecond() / reference);
  }

  private static EndToEnd endToEnd(Variant variant, Duration duration) throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        Pipeline pipeline = variant.on(database)) {
      return EndToEnd.measure(database, pipeline, duration);
    }
  }

  /** Table-less storage beside the table, both with the consumer that does nothing. */
  private static void storage(Duration duration, Results results) throws Exception {
    Map<OutboxStorage, EndToEnd> measured = new EnumMap<>(OutboxStorage.class);
    Map<OutboxStorage, WalPerEvent> bytes = new EnumMap<>(OutboxStorage.class);
    for (OutboxStorage storage : OutboxStorage.values()) {
      EndToEnd outcome;
      WalPerEvent wal;
      try (BenchDatabase database = BenchDatabase.create();
          Pipeline pipeline = stored(database, storage)) {
        outcome = EndToEnd.measure(database, pipeline, duration);
      }
      try (BenchDatabase database = BenchDatabase.create();
          Pipeline pipeline = stored(database, storage)) {
        wal = WalPerEvent.measure(database, pipeline);
      }
      measured.put(storage, outcome);
      bytes.put(storage, wal);
      String name = STORAGE + "/" + storage.name().toLowerCase(Locale.ROOT);
      results.add(name, "throughput", "events/s", outcome.eventsPerSecond());
      results.add(name, "behind", "ms", outcome.behindMillis());
      results.add(name, "JVM's CPU", "us/event", outcome.cpuMicros());
      results.add(name, "WAL with business row and relay", "bytes/event", outcome.walBytes());
      results.add(name, "WAL of the event alone", "bytes/event", wal.bytes());
      results.add(name, "WAL in a transaction of 100", "bytes/event", wal.bytesInBulk());
      results.add(name, "growth of the table", "bytes/event", wal.tableBytes());
    }
    results.addRatio(
        "tableLess",
        of(measured, OutboxStorage.WAL).eventsPerSecond()
            / of(measured, OutboxStorage.TABLE).eventsPerSecond());
    results.addRatio(
        "tableLessWal",
        of(bytes, OutboxStorage.WAL).bytes() / of(bytes, OutboxStorage.TABLE).bytes());
    results.addRatio(
        "tableLessWalInBulk",
        of(bytes, OutboxStorage.WAL).bytesInBulk() / of(bytes, OutboxStorage.TABLE).bytesInBulk());
  }

  private static Pipeline stored(BenchDatabase database, OutboxStorage storage) {
    return new EvenkeelPipeline(database, EvenkeelPipeline.Consumer.NO_OP, storage);
  }

  private static void delay(Results results) throws Exception {
    Map<Variant, Delay> measured = new EnumMap<>(Variant.class);
    for (Variant variant : Variant.values()) {
      try (BenchDatabase database = BenchDatabase.create();
          Pipeline pipeline = variant.on(database)) {
        Delay delay = Delay.measure(database, pipeline, DELAY_DURATION);
        measured.put(variant, delay);
        String name = DELAY + "/" + variant.label();
        results.add(name, "p50", "ms", delay.p50Millis());
        results.add(name, "p99", "ms", delay.p99Millis());
        results.add(name, "max", "ms", delay.maxMillis());
      }
    }
    Delay reference = of(measured, Variant.REFERENCE);
    Delay noOp = of(measured, Variant.NO_OP);
    Delay inbox = of(measured, Variant.INBOX);
    results.addRatio("delayP50", noOp.p50Millis() / reference.p50Millis());
    results.addRatio("delayP99", noOp.p99Millis() / reference.p99Millis());
    results.addRatio("delayP50Inbox", inbox.p50Millis() / reference.p50Millis());
    results.addRatio("delayP99Inbox", inbox.p99Millis() / reference.p99Millis());
  }

  private static void drain(Drain backlog, String part, Results results) throws Exception {
    BareDrain bare = BareDrain.measure(backlog);
    double noOp = drain(backlog, Variant.NO_OP);
    results.add(part + "/raw pgoutput", "throughput", "rows/s", bare.raw());
    results.add(part + "/reference", "throughput", "rows/s", bare.reference());
    results.add(part + "/evenkeel no-op", "throughput", "rows/s", noOp);
    results.addRatio(part, noOp / bare.reference());
    results.addRatio(part + "OfRaw", noOp / bare.raw());
    results.addRatio(part + "ReferenceOfRaw", bare.reference() / bare.raw());
    // Of bulks the raw stream, which decodes nothing, is several times as fast as any engine.
    if (backlog == Drain.ORDERS) {
      bare.judge(results);
    }
  }

  private static double drain(Drain backlog, Variant variant) throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        Pipeline pipeline = variant.on(database)) {
      pipeline.prepare();
      backlog.write(database, pipeline);
      return Drain.rowsPerSecond(pipeline);
    }
  }

  private static <K, T> T of(Map<K, T> measured, K variant) {
    return java.util.Objects.requireNonNull(measured.get(variant));
  }
}
