package dev.evenkeel.bench;

import dev.evenkeel.relay.RelayMode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Outboxes that need no more of PostgreSQL than tables, beside each other: business insert and one
 * event in one transaction, until a handler that does nothing has it.
 */
final class PollingScenario implements Scenario {

  /** Of each entrant: the JVMs have compiled what matters by then. */
  private static final Duration WARM_UP = Duration.ofSeconds(12);

  private static final String POLLING = "evenkeel";
  private static final String POLLING_NO_OP = "evenkeel-no-op";
  private static final String CDC = "evenkeel-cdc";
  private static final String CDC_NO_OP = "evenkeel-cdc-no-op";

  /** One that is measured; its name is a part of the scenario. */
  private record Entrant(String name, EventRunner runner) {}

  @Override
  public String name() {
    return "polling";
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    results.target("vsBestPeer", Results.Target.atLeast(1));
    results.remark(
        "vsBestPeer: evenkeel, whose handler runs in one transaction with its inbox row, beside the fastest peer of the same round; the peers hand over at least once, without an inbox. evenkeel-no-op does that, too.");
    results.remark(
        "gruelbox and modulith hand over after the commit, from memory and in any order; namastack and evenkeel keep the order of a key; db-scheduler has none.");
    List<Entrant> entrants = new ArrayList<>();
    try {
      enter(options, entrants);
      for (Entrant entrant : entrants) {
        measure(entrant, WARM_UP);
      }
      for (int round = 1; round <= options.rounds(); round++) {
        measure(entrants, options.duration(), results);
        Collections.reverse(entrants);
        System.out.printf("round %d of %d done%n", round, options.rounds());
      }
    } finally {
      for (Entrant entrant : entrants) {
        entrant.runner().close();
      }
    }
  }

  private static void enter(Options options, List<Entrant> entrants) throws Exception {
    enter(POLLING, RelayMode.POLLING, EvenkeelPipeline.Consumer.INBOX, options, entrants);
    enter(POLLING_NO_OP, RelayMode.POLLING, EvenkeelPipeline.Consumer.NO_OP, options, entrants);
    enter(CDC, RelayMode.CDC, EvenkeelPipeline.Consumer.INBOX, options, entrants);
    enter(CDC_NO_OP, RelayMode.CDC, EvenkeelPipeline.Consumer.NO_OP, options, entrants);
    for (Peer peer : Peer.all()) {
      if (options.wants(peer.label())) {
        entrants.add(new Entrant(peer.label(), new PeerRunner(peer)));
      }
    }
  }

  private static void enter(
      String name,
      RelayMode mode,
      EvenkeelPipeline.Consumer consumer,
      Options options,
      List<Entrant> entrants)
      throws IOException {
    if (options.wants(name)) {
      entrants.add(new Entrant(name, PeerRunner.evenkeel(mode, consumer)));
    }
  }

  private static void measure(List<Entrant> entrants, Duration duration, Results results)
      throws Exception {
    Map<String, Double> rates = new LinkedHashMap<>();
    for (Entrant entrant : entrants) {
      EndToEnd outcome = measure(entrant, duration);
      rates.put(entrant.name(), outcome.eventsPerSecond());
      results.add(entrant.name(), "throughput", "events/s", outcome.eventsPerSecond());
      results.add(entrant.name(), "behind", "ms", outcome.behindMillis());
      results.add(entrant.name(), "JVM's CPU", "us/event", outcome.cpuMicros());
    }
    OptionalDouble best =
        Peer.all().stream()
            .filter(peer -> rates.containsKey(peer.label()))
            .mapToDouble(peer -> rates.getOrDefault(peer.label(), 0.0))
            .max();
    if (best.isPresent()) {
      ratio("vsBestPeer", rates.get(POLLING), best.getAsDouble(), results);
      ratio("vsBestPeerNoOp", rates.get(POLLING_NO_OP), best.getAsDouble(), results);
      ratio("vsBestPeerCdc", rates.get(CDC), best.getAsDouble(), results);
      ratio("vsBestPeerCdcNoOp", rates.get(CDC_NO_OP), best.getAsDouble(), results);
    }
  }

  private static void ratio(String name, @Nullable Double ours, double best, Results results) {
    if (ours != null) {
      results.addRatio(name, ours / best);
    }
  }

  private static EndToEnd measure(Entrant entrant, Duration duration) throws Exception {
    try (BenchDatabase database = BenchDatabase.create()) {
      return entrant.runner().endToEnd(database, duration);
    }
  }
}
