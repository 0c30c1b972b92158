package dev.evenkeel.bench;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** The parts of {@link GrowthScenario} about the outbox. */
final class OutboxGrowth {

  private static final String BARE = "bare";
  private static final String NO_OP = "evenkeel";
  private static final String INBOX = "evenkeel, inbox";
  private static final String GROUPED = "evenkeel, inbox, grouped commits";

  private static final List<Integer> WRITERS = List.of(1, 2, 4, 8, 16, 32, 64);
  private static final List<Integer> PAYLOADS = List.of(100, 1_000, 10_000, 100_000);
  private static final List<Integer> CONSUMERS = List.of(1, 2, 4, 8);
  private static final List<Integer> BACKLOGS = List.of(10_000, 100_000, 1_000_000, 10_000_000);

  /** Minutes for each; the reference's rate changes no more. */
  private static final int LARGEST_BARE_BACKLOG = 1_000_000;

  /** A backlog is drained once in a round, beyond this once in all. */
  private static final int LARGEST_REPEATED_BACKLOG = 100_000;

  private static final int USUAL_WRITERS = 16;

  /** Room for the most writers, the lanes and what the relay needs. */
  private static final int CONNECTIONS = 96;

  private static final String MAX_CONNECTIONS = "600";
  private static final Duration WARM_UP = Duration.ofSeconds(8);
  private static final Duration LEAD_IN = Duration.ofSeconds(1);

  private static final int PER_TRANSACTION = 100;

  /** Rows like the one that is there, in transactions of a hundred, whose commits may be lost. */
  private static final String FILL =
      """
      DO $$
      BEGIN
          FOR n IN 0 .. %1$d LOOP
              INSERT INTO %2$s (id, aggregatetype, aggregateid, type, payload%3$s)
              SELECT gen_random_uuid(), t.aggregatetype, (n * %4$d + m)::text, t.type, t.payload%5$s
                FROM bench_template AS t, generate_series(0, %4$d - 1) AS m;
              COMMIT;
          END LOOP;
      END
      $$
      """;

  private OutboxGrowth() {}

  static List<GrowthPart> parts() {
    return List.of(
        new GrowthPart("writers", OutboxGrowth::writers),
        new GrowthPart("payload", OutboxGrowth::payloads),
        new GrowthPart("consumers", OutboxGrowth::consumers),
        new GrowthPart("backlog", OutboxGrowth::backlogs));
  }

  private static void writers(Options options, Results results) throws Exception {
    try (PostgresServer server = server();
        Series series = new Series(server)) {
      series.add(BARE, ReferencePipeline::new);
      series.add(
          NO_OP,
          database -> ours(database, EvenkeelPipeline.Consumer.NO_OP, OrderPlaced.REMARK, 1));
      series.add(
          INBOX,
          database -> ours(database, EvenkeelPipeline.Consumer.INBOX, OrderPlaced.REMARK, 1));
      series.add(
          GROUPED,
          database ->
              ours(database, EvenkeelPipeline.Consumer.INBOX_GROUPED, OrderPlaced.REMARK, 1));
      series.run(USUAL_WRITERS, options.warmUp(WARM_UP));
      for (int round = 1; round <= options.rounds(); round++) {
        for (int writers : WRITERS) {
          series.measure(
              writers,
              options.duration(),
              name -> GrowthPart.point("writers", writers, name),
              results);
        }
      }
    }
  }

  private static void payloads(Options options, Results results) throws Exception {
    try (PostgresServer server = server()) {
      for (int bytes : PAYLOADS) {
        String remark = text(bytes);
        try (Series series = new Series(server)) {
          series.add(BARE, database -> new ReferencePipeline(database, remark));
          series.add(NO_OP, database -> ours(database, EvenkeelPipeline.Consumer.NO_OP, remark, 1));
          series.add(INBOX, database -> ours(database, EvenkeelPipeline.Consumer.INBOX, remark, 1));
          series.run(USUAL_WRITERS, bytes == PAYLOADS.get(0) ? options.warmUp(WARM_UP) : LEAD_IN);
          for (int round = 1; round <= options.rounds(); round++) {
            series.measure(
                USUAL_WRITERS,
                options.duration(),
                name -> GrowthPart.point("payload", bytes, name),
                results);
          }
        }
      }
    }
  }

  /** Of so many bytes, which neither PostgreSQL nor anybody else can make much shorter. */
  private static String text(int bytes) {
    Random random = new Random(bytes);
    return random
        .ints(bytes, 'A', 'z' + 1)
        .map(c -> c == '\\' ? '-' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static void consumers(Options options, Results results) throws Exception {
    results.remark(
        "consumers: each event is handled by that many consumers, each in a transaction with an inbox row of its own. There is no bare reference, which has no inbox.");
    try (PostgresServer server = server()) {
      for (int count : CONSUMERS) {
        try (Series series = new Series(server)) {
          series.add(
              INBOX,
              database ->
                  ours(database, EvenkeelPipeline.Consumer.INBOX, OrderPlaced.REMARK, count));
          series.add(
              GROUPED,
              database ->
                  ours(
                      database,
                      EvenkeelPipeline.Consumer.INBOX_GROUPED,
                      OrderPlaced.REMARK,
                      count));
          series.run(USUAL_WRITERS, count == CONSUMERS.get(0) ? options.warmUp(WARM_UP) : LEAD_IN);
          for (int round = 1; round <= options.rounds(); round++) {
            Map<String, OpenPipeline.Handled> handled =
                series.measure(
                    USUAL_WRITERS,
                    options.duration(),
                    name -> GrowthPart.point("consumers", count, name),
                    results);
            handled.forEach(
                (name, of) ->
                    results.add(
                        GrowthPart.point("consumers", count, name),
                        "transactions",
                        "per s",
                        count * of.perSecond()));
          }
        }
      }
    }
  }

  private static void backlogs(Options options, Results results) throws Exception {
    results.remark(
        "backlog: written in transactions of a hundred, while nobody reads; the rate from the first event received to the last. The reference has at most %,d, and what is larger than %,d is drained once."
            .formatted(LARGEST_BARE_BACKLOG, LARGEST_REPEATED_BACKLOG));
    try (PostgresServer server = server()) {
      drain(server, NO_OP, BACKLOGS.get(1), new Results()); // warms up
      drain(server, BARE, BACKLOGS.get(1), new Results());
      for (int rows : BACKLOGS.stream().filter(rows -> rows <= options.most()).toList()) {
        int rounds = rows <= LARGEST_REPEATED_BACKLOG ? options.rounds() : 1;
        for (int round = 1; round <= rounds; round++) {
          drain(server, NO_OP, rows, results);
          if (rows <= LARGEST_BARE_BACKLOG) {
            drain(server, BARE, rows, results);
          }
        }
        System.out.printf("backlog: %,d done%n", rows);
      }
    }
  }

  private static void drain(PostgresServer server, String name, int rows, Results results)
      throws Exception {
    boolean bare = name.equals(BARE);
    try (BenchDatabase database = BenchDatabase.temporary(server, "growth_drain");
        Pipeline pipeline =
            bare
                ? new ReferencePipeline(database)
                : ours(database, EvenkeelPipeline.Consumer.NO_OP, OrderPlaced.REMARK, 1)) {
      pipeline.prepare();
      try (Pipeline.Writer writer = pipeline.openWriter()) {
        writer.writeEvents(rows, 1); // what the others are made of
      }
      String table = bare ? "outbox" : RelayWiring.SCHEMA + ".outbox";
      database.execute("CREATE TABLE bench_template AS SELECT * FROM " + table);
      // What commits in between must be alone in its message.
      String fill =
          FILL.formatted(
              rows / PER_TRANSACTION - 1,
              table,
              bare ? "" : ", version, slot, headers",
              PER_TRANSACTION,
              bare ? "" : ", t.version, t.slot, t.headers");
      database.execute(List.of("SET synchronous_commit = off", fill));
      database.settle();
      Progress progress = Progress.counting(rows + 1);
      pipeline.start(progress);
      progress.await(rows + 1L);
      String point = GrowthPart.point("backlog", rows, name);
      results.add(
          point,
          "throughput",
          "events/s",
          Rate.perSecond(rows, progress.firstAt(), progress.lastAt()));
      results.add(
          point,
          "drained in",
          "s",
          (progress.lastAt() - progress.firstAt()) / (double) TimeUnit.SECONDS.toNanos(1));
    }
  }

  private static EvenkeelPipeline ours(
      BenchDatabase database, EvenkeelPipeline.Consumer consumer, String remark, int consumers) {
    return new EvenkeelPipeline(
        database, consumer, new EvenkeelPipeline.Shape(CONNECTIONS, remark, consumers));
  }

  private static PostgresServer server() {
    return PostgresServer.builder().setting("max_connections", MAX_CONNECTIONS).start();
  }

  /** Pipelines that are open at once and take turns of a second. */
  private static final class Series implements AutoCloseable {

    private final PostgresServer server;
    private final Map<String, OpenPipeline> open = new LinkedHashMap<>();

    Series(PostgresServer server) {
      this.server = server;
    }

    void add(String name, OpenPipeline.Kind kind) throws Exception {
      String database = "growth_" + open.size();
      open.put(name, OpenPipeline.open(BenchDatabase.temporary(server, database), kind));
    }

    Map<String, OpenPipeline.Handled> run(int writers, Duration each) throws Exception {
      Map<OpenPipeline, OpenPipeline.Handled> sums =
          Turns.take(
              List.copyOf(open.values()),
              each,
              (pipeline, turn) -> pipeline.run(writers, turn),
              OpenPipeline.Handled::plus);
      Map<String, OpenPipeline.Handled> named = new LinkedHashMap<>();
      open.forEach((name, pipeline) -> named.put(name, sums.get(pipeline)));
      return named;
    }

    Map<String, OpenPipeline.Handled> measure(
        int writers, Duration each, PointName point, Results results) throws Exception {
      for (OpenPipeline pipeline : open.values()) {
        pipeline.settle();
      }
      Map<String, OpenPipeline.Handled> measured = run(writers, each);
      measured.forEach(
          (name, handled) ->
              results.add(point.of(name), "throughput", "events/s", handled.perSecond()));
      return measured;
    }

    @Override
    public void close() throws Exception {
      for (OpenPipeline pipeline : new ArrayList<>(open.values())) {
        pipeline.close();
      }
    }
  }

  /** Names a point of a series. */
  private interface PointName {
    String of(String series);
  }
}
