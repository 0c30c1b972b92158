package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.sample.orders.crash.Journal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How long a fault was felt: from its beginning until of every key a count that was acknowledged
 * after the fault began had its effect. Keys lie on all databases, and so do effects.
 */
final class Recoveries {

  private final long runBegan;
  private final Map<String, Long> acknowledged = new HashMap<>();
  private final Map<String, List<Effect>> effects = new HashMap<>();

  /**
   * One count.
   *
   * @param acknowledgedAt both {@link System#nanoTime()}
   */
  private record Effect(long acknowledgedAt, long at) {}

  Recoveries(List<Journal.Line> journal, long runBegan) {
    this.runBegan = runBegan;
    for (Journal.Line line : journal) {
      if (line.kind() == Journal.Kind.ACKNOWLEDGED) {
        acknowledged.put(line.detail(), line.at());
      }
    }
    for (Journal.Line line : journal) {
      Long told = acknowledged.get(line.detail());
      if (line.kind() == Journal.Kind.EFFECT && told != null) {
        String key = line.detail().substring(0, line.detail().indexOf('/'));
        effects
            .computeIfAbsent(key, k -> new ArrayList<>())
            .add(new Effect(told, Math.max(told, line.at())));
      }
    }
  }

  List<Incident> of(List<Incident> incidents) {
    return incidents.stream().map(each -> each.recovered(after(each))).toList();
  }

  private @Nullable Duration after(Incident incident) {
    long begun = runBegan + incident.begun().toNanos();
    long last = begun;
    for (List<Effect> each : effects.values()) {
      long first =
          each.stream()
              .filter(effect -> effect.acknowledgedAt() > begun)
              .mapToLong(Effect::at)
              .min()
              .orElse(Long.MAX_VALUE);
      last = Math.max(last, first);
    }
    return effects.isEmpty() || last == Long.MAX_VALUE ? null : Duration.ofNanos(last - begun);
  }
}
