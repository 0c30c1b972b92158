package dev.evenkeel.sample.orders.prove;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a run came to: in numbers, in Markdown, and one line for each fault. */
record Report(Schedule schedule, List<Outcome> outcomes, long nanos) {

  /** What a run must have put to the test, by name. */
  Map<String, Long> tested() {
    Map<String, Long> tested = new TreeMap<>();
    tested.put("kills and crashes that hit sagas under way", sum(Outcome::killed));
    tested.put("messages sent again", sum(Outcome::redelivered));
    tested.put("sagas compensated", sum(Outcome::compensated));
    tested.put("sagas taken over", sum(Outcome::takenOver));
    return tested;
  }

  private long sum(ToLongFunction<Outcome> number) {
    return outcomes.stream().mapToLong(number).sum();
  }

  /** Laws of rounds that held, and what was put to the test. */
  long passed() {
    return outcomes.stream()
            .flatMap(outcome -> outcome.verdict().values().stream())
            .filter(List::isEmpty)
            .count()
        + tested().values().stream().filter(number -> number > 0).count();
  }

  /** The others. A run that puts something to no test does not count. */
  long failed() {
    return (long) outcomes.size() * Law.values().length + tested().size() - passed();
  }

  /** The whole run in a few lines. */
  String counts() {
    StringBuilder text =
        new StringBuilder(
            "Seed %d: %d of %d rounds in %.0f s, %d orders, %d events, %d messages sent\n"
                .formatted(
                    schedule.seed(),
                    outcomes.size(),
                    schedule.rounds().size(),
                    nanos / 1e9,
                    sum(Outcome::orders),
                    sum(Outcome::events),
                    sum(Outcome::sent)));
    tested()
        .forEach(
            (what, number) ->
                text.append("  %d %s\n".formatted(number, what))
                    .append(
                        number > 0 ? "" : "  The run does not count: it has no " + what + "\n"));
    return text.toString().stripTrailing();
  }

  /** For people. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("# Run with seed %d\n\n".formatted(schedule.seed()));
    text.append(
        "`bin/prove --minutes %d --seed %d`, modes %s. %d passed, %d failed.\n\n"
            .formatted(schedule.minutes(), schedule.seed(), schedule.modes(), passed(), failed()));
    text.append("```\n").append(counts()).append("\n```\n\n## Rounds\n\n");
    text.append(
        "| round | mode | orders | events | messages | again | compensated | taken over | at rest"
            + " after | laws |\n");
    text.append("|---|---|---|---|---|---|---|---|---|---|\n");
    for (Outcome each : outcomes) {
      text.append(
          "| %d | %s%s | %d | %d | %d | %d | %d | %d | %s | %s |\n"
              .formatted(
                  each.round().number(),
                  each.round().mode(),
                  each.round().hurried() ? ", hurried" : "",
                  each.orders(),
                  each.events(),
                  each.sent(),
                  each.redelivered(),
                  each.compensated(),
                  each.takenOver(),
                  seconds(each.rested()),
                  each.lawful() ? "hold" : "**broken**"));
    }
    text.append(
        "\n"
            + "## Faults\n\n"
            + "Felt: from the beginning of a fault until of every key something that was"
            + " acknowledged later had its effect; faults overlap, so some of it\n"
            + "may be another's. Taken over: from a kill until nothing was the dead process's own"
            + " any more.\n\n");
    text.append("| fault | times | felt, median | p95 | max | taken over, median | p95 | max |\n");
    text.append("|---|---|---|---|---|---|---|---|\n");
    for (FaultKind kind : FaultKind.values()) {
      List<Incident> of = incidents().filter(each -> each.fault().kind() == kind).toList();
      if (!of.isEmpty()) {
        text.append(
            "| %s | %d | %s | %s |\n"
                .formatted(
                    kind,
                    of.size(),
                    spread(of.stream().map(Incident::recovered).toList()),
                    spread(of.stream().map(Incident::takenOver).toList())));
      }
    }
    text.append("\n## Laws\n\n| law | rounds in which it held | broken |\n|---|---|---|\n");
    for (Law law : Law.values()) {
      long broken = outcomes.stream().filter(each -> !each.verdict().get(law).isEmpty()).count();
      text.append("| %s | %d | %d |\n".formatted(law, outcomes.size() - broken, broken));
    }
    outcomes.forEach(
        each ->
            each.verdict()
                .forEach(
                    (law, broken) ->
                        broken.forEach(
                            what ->
                                text.append(
                                    "\n- Round %d, %s: %s"
                                        .formatted(each.round().number(), law, what)))));
    return text.append("\n\n## Schedule\n\n```\n")
        .append(schedule.text())
        .append("```\n")
        .toString();
  }

  private Stream<Incident> incidents() {
    return outcomes.stream().flatMap(each -> each.incidents().stream());
  }

  private static String spread(List<@Nullable Duration> durations) {
    List<Duration> sorted =
        new ArrayList<>(durations.stream().filter(Objects::nonNull).sorted().toList());
    return sorted.isEmpty()
        ? " | | "
        : "%s | %s | %s"
            .formatted(
                seconds(sorted.get((sorted.size() - 1) / 2)),
                seconds(sorted.get((int) Math.ceil(sorted.size() * 0.95) - 1)),
                seconds(sorted.get(sorted.size() - 1)));
  }

  private static String seconds(Duration duration) {
    return "%.1f s".formatted(duration.toMillis() / 1000.0);
  }

  /** One line for each fault. */
  String csv() {
    StringBuilder text =
        new StringBuilder(
            "round,mode,fault,target,begun_ms,ended_ms,sagas,taken_over_ms,recovered_ms\n");
    incidents()
        .forEach(
            each ->
                text.append(
                    "%d,%s,%s,%s,%d,%d,%d,%s,%s\n"
                        .formatted(
                            each.round(),
                            each.mode(),
                            each.fault().kind(),
                            each.target(),
                            each.begun().toMillis(),
                            each.ended().toMillis(),
                            each.sagas(),
                            millis(each.takenOver()),
                            millis(each.recovered()))));
    return text.toString();
  }

  private static String millis(@Nullable Duration duration) {
    return duration == null ? "" : String.valueOf(duration.toMillis());
  }
}
