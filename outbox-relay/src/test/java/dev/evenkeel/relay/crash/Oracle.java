package dev.evenkeel.relay.crash;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Judges a run by its business state, its effects and its journal. Knows nothing of the framework.
 *
 * <p>Versions of a key are 1, 2, 3 and so on, and each is announced by one message. So every
 * committed version must be in effect, once; and the first delivery of a version must come after
 * the first delivery of the one before it. Repeats are allowed and counted: they show that a fault
 * hit work that was under way.
 */
final class Oracle {

  /** What can go wrong. */
  enum Violation {
    /** State is committed and its message never took effect. */
    LOST,
    /** One message, or one version, took effect twice. */
    DUPLICATED,
    /** A message took effect whose state was never committed. */
    INVENTED,
    /** A message was first delivered before its predecessor. */
    OVERTAKEN
  }

  private final Map<Violation, List<String>> violations = new EnumMap<>(Violation.class);
  private final Map<String, Long> sent = new HashMap<>();
  private final Map<String, Long> attempted = new HashMap<>();
  private final Map<String, Set<Long>> inEffect = new HashMap<>();
  private final Set<UUID> messages = new HashSet<>();
  private Map<String, Long> sentBeforeFault = Map.of();
  private boolean lastFaultHit;
  private long faults;
  private long faultsThatHit;
  private long redelivered;

  /** Takes the journal, line by line, in its order. */
  void line(Journal.Line line) {
    switch (line.kind()) {
      case SENT -> {
        first(sent, line);
        countRedelivery(line);
      }
      case ATTEMPT -> first(attempted, line);
      case FAULT -> {
        faults++;
        lastFaultHit = false;
        sentBeforeFault = new HashMap<>(sent);
      }
      case STARTED, WAITING, WOKE -> {}
    }
  }

  private void first(Map<String, Long> highest, Journal.Line line) {
    long before = highest.getOrDefault(line.key(), 0L);
    if (line.version() > before + 1) {
      violate(
          Violation.OVERTAKEN,
          "%s of %s/%d by %s came after %d"
              .formatted(line.kind(), line.key(), line.version(), line.node(), before));
    }
    highest.put(line.key(), Math.max(before, line.version()));
  }

  private void countRedelivery(Journal.Line line) {
    if (line.version() > sentBeforeFault.getOrDefault(line.key(), 0L)) {
      return;
    }
    redelivered++;
    if (!lastFaultHit) {
      lastFaultHit = true;
      faultsThatHit++;
    }
  }

  /** Takes the effects, in any order. */
  void effect(BusinessTables.Effect effect) {
    boolean newVersion =
        inEffect.computeIfAbsent(effect.key(), key -> new HashSet<>()).add(effect.version());
    boolean newMessage = messages.add(effect.messageId());
    if (!newVersion || !newMessage) {
      violate(
          Violation.DUPLICATED,
          "%s/%d by message %s".formatted(effect.key(), effect.version(), effect.messageId()));
    }
  }

  /** Compares with the state, once everything has come to rest. */
  Verdict judge(Map<String, Long> committed) {
    committed.forEach(
        (key, versions) -> {
          for (long version = 1; version <= versions; version++) {
            if (!inEffect.getOrDefault(key, Set.of()).contains(version)) {
              violate(Violation.LOST, key + "/" + version);
            }
          }
        });
    inEffect.forEach(
        (key, versions) -> {
          for (long version : versions) {
            if (version > committed.getOrDefault(key, 0L)) {
              violate(Violation.INVENTED, key + "/" + version);
            }
          }
        });
    return new Verdict(violations, messages.size(), faults, faultsThatHit, redelivered);
  }

  private void violate(Violation violation, String what) {
    violations.computeIfAbsent(violation, v -> new ArrayList<>()).add(what);
  }

  /**
   * The judgement.
   *
   * @param violations each with where it was seen
   * @param messages how many took effect
   * @param faults how often something was hurt
   * @param faultsThatHit how many of those were followed by a repeat of something sent before
   * @param redelivered repeats, all in all
   */
  record Verdict(
      Map<Violation, List<String>> violations,
      long messages,
      long faults,
      long faultsThatHit,
      long redelivered) {

    private static final int SHOWN = 5;

    /** Fails when an invariant is broken. */
    Verdict sound() {
      if (!violations.isEmpty()) {
        StringBuilder text = new StringBuilder("broken invariants:");
        violations.forEach(
            (violation, seen) ->
                text.append(
                    "%n%s %d times, such as %s"
                        .formatted(
                            violation,
                            seen.size(),
                            seen.subList(0, Math.min(SHOWN, seen.size())))));
        throw new AssertionError(text.toString());
      }
      return this;
    }

    /** Fails when nothing was put to the test. */
    Verdict counting() {
      if (messages == 0 || faultsThatHit == 0) {
        throw new AssertionError("the run does not count: " + this);
      }
      return this;
    }

    @Override
    public String toString() {
      return "%d messages, %d faults, %d of them hit work under way, %d redeliveries, violations %s"
          .formatted(messages, faults, faultsThatHit, redelivered, violations.keySet());
    }
  }
}
