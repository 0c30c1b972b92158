package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.sample.orders.crash.Journal;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What came of a round.
 *
 * @param orders that were taken
 * @param events that were counted
 * @param sent messages that relays have sent, repetitions included
 * @param redelivered of those
 * @param takenOver sagas that another process went on with than began
 * @param killed how many kills and crashes hit sagas under way
 * @param rested from the last answer until nothing moved any more
 */
record Outcome(
    Schedule.Round round,
    Map<Law, List<String>> verdict,
    List<Incident> incidents,
    long orders,
    long events,
    long sent,
    long redelivered,
    long compensated,
    long takenOver,
    long killed,
    Duration rested) {

  private static final String COMPENSATED =
      "SELECT count(*) FROM evenkeel.saga_instance WHERE state = 'COMPENSATED'";
  private static final String TAKEN_OVER =
      "SELECT count(*) FROM evenkeel.saga_instance WHERE progress::text LIKE '%TAKEN_OVER%'";

  static Outcome of(
      Schedule.Round round,
      Evidence evidence,
      List<Incident> incidents,
      long runBegan,
      Installation installation,
      Duration rested) {
    Map<String, Long> sendings = new HashMap<>();
    for (Journal.Line line : evidence.journal) {
      if (line.kind() == Journal.Kind.SENT) {
        sendings.merge(line.detail().split("/", -1)[0], 1L, Long::sum);
      }
    }
    long sent = sendings.values().stream().mapToLong(Long::longValue).sum();
    return new Outcome(
        round,
        new EnumMap<>(Oracle.judge(evidence)),
        new Recoveries(evidence.journal, runBegan).of(incidents),
        evidence.placed.size(),
        evidence.tallies.values().stream().mapToLong(Long::longValue).sum(),
        sent,
        sent - sendings.size(),
        installation.count(COMPENSATED),
        installation.count(TAKEN_OVER),
        incidents.stream()
            .filter(
                each ->
                    each.fault().kind() == FaultKind.KILL || each.fault().kind() == FaultKind.CRASH)
            .filter(each -> each.sagas() > 0)
            .count(),
        rested);
  }

  boolean lawful() {
    return verdict.values().stream().allMatch(List::isEmpty);
  }

  /** One line. */
  String text() {
    return "Round %d (%s): %d orders, %d events, %d messages of which %d again; %d compensated, %d taken over, %d kills and crashes hit work; at rest after %.1f s; %s"
        .formatted(
            round.number(),
            round.mode(),
            orders,
            events,
            sent,
            redelivered,
            compensated,
            takenOver,
            killed,
            rested.toMillis() / 1000.0,
            lawful() ? "all laws hold" : "LAWS ARE BROKEN");
  }
}
