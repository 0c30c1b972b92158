package dev.evenkeel.bench;

import dev.evenkeel.relay.RelayMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The outboxes of {@link PeersScenario}: one event and ten events per transaction in a closed loop,
 * the delay at a fixed pace, and what a message costs at a fixed pace.
 */
final class OutboxPeers {

  private static final String ONE = "one";
  private static final String TEN = "ten";
  private static final String DELAY = "delay";
  private static final String COST = "cost";

  private static final String EVENKEEL = "evenkeel";
  private static final String EVENKEEL_GROUPED = "evenkeel-grouped";
  private static final String EVENKEEL_NO_OP = "evenkeel-no-op";

  private static final Map<String, EvenkeelPipeline.Consumer> OURS = ours();

  /** Of each entrant: the JVMs have compiled what matters by then. */
  private static final Duration WARM_UP = Duration.ofSeconds(12);

  private static final int EVENTS = 10;

  /** What the slowest peer keeps up with on two cores. */
  private static final Pace DELAY_PACE = new Pace(250, 8);

  private static final Duration DELAY_LEAD_IN = Duration.ofSeconds(3);

  private static final Pace COST_PACE = new Pace(500, 8);

  /** So that with ten seconds it is 10,000 messages. */
  private static final int COST_DURATIONS = 2;

  private static final double COST_UNIT = 10_000;
  private static final double MEBIBYTE = 1 << 20;

  /** All but the business table and the system's own. */
  private static final String GROWTH =
      """
      SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND c.relname <> 'bench_order'
         AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      """;

  /** What is not as PostgreSQL makes it. */
  private static final String SERVER_SETTINGS =
      """
      SELECT string_agg(name || '=' || setting || coalesce(unit, ''), chr(9) ORDER BY name)
        FROM pg_settings
       WHERE name IN ('fsync', 'synchronous_commit', 'shared_buffers', 'max_wal_size', 'wal_level',
                      'autovacuum', 'checkpoint_timeout', 'max_connections', 'server_version')
      """;

  private static Map<String, EvenkeelPipeline.Consumer> ours() {
    Map<String, EvenkeelPipeline.Consumer> ours = new LinkedHashMap<>();
    ours.put(EVENKEEL, EvenkeelPipeline.Consumer.INBOX);
    ours.put(EVENKEEL_GROUPED, EvenkeelPipeline.Consumer.INBOX_GROUPED);
    ours.put(EVENKEEL_NO_OP, EvenkeelPipeline.Consumer.NO_OP);
    return ours;
  }

  /** One that is measured; its name may be given as a part. */
  private record Entrant(String name, PeerRunner runner) {}

  private final Options options;
  private final Results results;
  private final List<Entrant> entrants = new ArrayList<>();

  OutboxPeers(Options options, Results results) {
    this.options = options;
    this.results = results;
  }

  void run() throws Exception {
    if (List.of(ONE, TEN, DELAY, COST).stream().noneMatch(options::wants)) {
      return;
    }
    results.target("vsBestOutbox", Results.Target.atLeast(2));
    results.target("vsBestOutboxNoop", Results.Target.atLeast(3));
    results.remark(
        "vsBestOutbox: evenkeel-grouped, whose handler runs in one transaction with its inbox row and whose commits wait for the disk in groups, our setting for throughput, beside the fastest peer of the same round. vsBestOutboxDefaults: evenkeel, where each commit waits for itself. The peers hand over at least once, without an inbox; vsBestOutboxNoop: evenkeel-no-op does that, too.");
    results.remark(
        "gruelbox and modulith hand over after the commit, from memory and in any order; namastack and evenkeel keep the order of a key; db-scheduler has none.");
    results.remark(
        "cost: %d messages/s; what is used, written and grown within the time until all are handled, for 10,000 messages. Growth is of all tables but the business one, with their indexes, the inbox included."
            .formatted(COST_PACE.perSecond()));
    try {
      enter();
      warmUp();
      for (int round = 1; round <= options.rounds(); round++) {
        round();
        Collections.reverse(entrants);
        System.out.printf("outboxes: round %d of %d done%n", round, options.rounds());
      }
    } finally {
      for (Entrant entrant : entrants) {
        entrant.runner().close();
      }
    }
  }

  private void enter() throws Exception {
    for (Map.Entry<String, EvenkeelPipeline.Consumer> ours : OURS.entrySet()) {
      if (mayEnter(ours.getKey())) {
        add(ours.getKey(), PeerRunner.evenkeel(RelayMode.CDC, ours.getValue()));
      }
    }
    for (Peer peer : Peer.all()) {
      if (mayEnter(peer.label())) {
        add(peer.label(), new PeerRunner(peer));
      }
    }
    try (BenchDatabase database = BenchDatabase.create()) {
      results.settings("postgresql", PeerRunner.settings(database.text(SERVER_SETTINGS)));
    }
  }

  /** Whether it is named among the parts, or none is. */
  private boolean mayEnter(String name) {
    boolean noneNamed =
        OURS.keySet().stream().noneMatch(options.parts()::contains)
            && Peer.all().stream().noneMatch(peer -> options.parts().contains(peer.label()));
    return noneNamed || options.parts().contains(name);
  }

  private void add(String name, PeerRunner runner) throws Exception {
    entrants.add(new Entrant(name, runner));
    results.settings(name, runner.settings());
  }

  private void warmUp() throws Exception {
    for (Entrant entrant : entrants) {
      try (BenchDatabase database = BenchDatabase.create()) {
        entrant.runner().endToEnd(database, options.warmUp(WARM_UP));
      }
    }
  }

  private void round() throws Exception {
    if (options.wants(ONE)) {
      throughput(ONE, 1, "");
    }
    if (options.wants(TEN)) {
      throughput(TEN, EVENTS, "Ten");
    }
    if (options.wants(DELAY)) {
      for (Entrant entrant : entrants) {
        delay(entrant);
      }
    }
    if (options.wants(COST)) {
      for (Entrant entrant : entrants) {
        cost(entrant);
      }
    }
  }

  private void throughput(String part, int perTransaction, String suffix) throws Exception {
    Map<String, Double> rates = new LinkedHashMap<>();
    for (Entrant entrant : entrants) {
      try (BenchDatabase database = BenchDatabase.create()) {
        EndToEnd outcome = entrant.runner().endToEnd(database, options.duration(), perTransaction);
        String name = part + "/" + entrant.name();
        rates.put(entrant.name(), outcome.eventsPerSecond());
        results.add(name, "throughput", "events/s", outcome.eventsPerSecond());
        results.add(name, "behind", "ms", outcome.behindMillis());
        results.add(name, "JVM's CPU", "us/event", outcome.cpuMicros());
      }
    }
    OptionalDouble best =
        Peer.all().stream()
            .filter(peer -> rates.containsKey(peer.label()))
            .mapToDouble(peer -> rates.getOrDefault(peer.label(), 0.0))
            .max();
    if (best.isPresent()) {
      ratio("vsBestOutbox" + suffix, rates.get(EVENKEEL_GROUPED), best.getAsDouble());
      ratio("vsBestOutboxDefaults" + suffix, rates.get(EVENKEEL), best.getAsDouble());
      ratio("vsBestOutboxNoop" + suffix, rates.get(EVENKEEL_NO_OP), best.getAsDouble());
    }
  }

  private void ratio(String name, @Nullable Double ours, double best) {
    if (ours != null) {
      results.addRatio(name, ours / best);
    }
  }

  private void delay(Entrant entrant) throws Exception {
    try (BenchDatabase database = BenchDatabase.create();
        EventRunner.Paced paced =
            entrant.runner().pace(database, DELAY_PACE, DELAY_LEAD_IN.plus(options.duration()))) {
      pause(DELAY_LEAD_IN);
      Histogram leadIn = paced.delays();
      paced.drain();
      Histogram measured = paced.delays();
      measured.subtract(leadIn);
      Delay delay = Delay.of(measured);
      String name = DELAY + "/" + entrant.name();
      results.add(name, "p50", "ms", delay.p50Millis());
      results.add(name, "p99", "ms", delay.p99Millis());
    }
  }

  private void cost(Entrant entrant) throws Exception {
    Duration duration = options.duration().multipliedBy(COST_DURATIONS);
    double messages = COST_PACE.ordersIn(duration);
    try (BenchDatabase database = BenchDatabase.create()) {
      Optional<PostgresCpu> server = PostgresCpu.of(database);
      try (EventRunner.Paced paced = entrant.runner().pace(database, COST_PACE, duration)) {
        long walBefore = WalPerEvent.position(database);
        long bytesBefore = Long.parseLong(database.text(GROWTH));
        Duration serverBefore = server.isPresent() ? server.get().used() : Duration.ZERO;
        Duration processBefore = entrant.runner().cpu();
        paced.drain();
        Duration process = entrant.runner().cpu().minus(processBefore);
        String name = COST + "/" + entrant.name();
        if (server.isPresent()) {
          Duration used = server.get().used().minus(serverBefore);
          results.add(name, "PostgreSQL's CPU", "s/10,000", per(used, messages));
        }
        results.add(name, "process's CPU", "s/10,000", per(process, messages));
        long wal = WalPerEvent.position(database) - walBefore;
        results.add(name, "WAL", "MiB/10,000", wal / MEBIBYTE * COST_UNIT / messages);
        long grown = Long.parseLong(database.text(GROWTH)) - bytesBefore;
        results.add(name, "growth", "MiB/10,000", grown / MEBIBYTE * COST_UNIT / messages);
      }
    }
  }

  private static double per(Duration used, double messages) {
    return used.toNanos() / (double) TimeUnit.SECONDS.toNanos(1) * COST_UNIT / messages;
  }

  private static void pause(Duration duration) {
    long until = System.nanoTime() + duration.toNanos();
    for (long left = duration.toNanos(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
