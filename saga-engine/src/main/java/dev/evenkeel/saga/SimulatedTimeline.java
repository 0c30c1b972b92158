package dev.evenkeel.saga;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A simulation's clock, and what has happened by it. */
final class SimulatedTimeline {

  private final Instant start;
  private final List<String> lines = new ArrayList<>();
  private final Set<String> faults = new LinkedHashSet<>();
  private Instant now;

  SimulatedTimeline(Instant start) {
    this.start = start;
    this.now = start;
  }

  Instant now() {
    return now;
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  void say(String line) {
    lines.add("%s %s".formatted(Duration.between(start, now), line));
  }

  /** Noted once, however often it happens. */
  void fault(String fault) {
    if (faults.add(fault)) {
      say("! " + fault);
    }
  }

  List<String> lines() {
    return List.copyOf(lines);
  }

  Set<String> faults() {
    return faults;
  }
}
