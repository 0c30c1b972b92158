package dev.evenkeel.transport.kafka.crash;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Judges a run by its business state, its effects, its topic and its journal. Knows nothing of the
 * framework.
 *
 * <p>Versions of a key are 1, 2, 3 and so on, and each is announced by one message. So every
 * committed version must be in the topic, and in effect once; and wherever one looks, the first
 * occurrence of a version must come after the first of the one before it. Repeats are allowed and
 * counted: they show that a fault hit work that was under way.
 */
final class Oracle {

  /** What can go wrong. */
  enum Violation {
    /** State is committed, the relay has confirmed it, and the topic does not have it. */
    MISSING_IN_TOPIC,
    /** A version's first record comes before its predecessor's. */
    OVERTAKEN_IN_TOPIC,
    /** Records of one key are in two partitions. */
    SCATTERED,
    /** State is committed and its message never took effect. */
    LOST,
    /** One message, or one version, took effect twice. */
    DUPLICATED,
    /** A message was sent or took effect whose state was never committed. */
    INVENTED,
    /** A message was first sent, or first attempted, before its predecessor. */
    OVERTAKEN
  }

  private final Map<Violation, List<String>> violations = new EnumMap<>(Violation.class);
  private final Map<String, Long> sent = new HashMap<>();
  private final Map<String, Long> attempted = new HashMap<>();
  private final Map<String, Long> inTopic = new HashMap<>();
  private final Map<String, Set<Long>> recorded = new HashMap<>();
  private final Map<String, Integer> partitions = new HashMap<>();
  private final Map<String, Set<Long>> inEffect = new HashMap<>();
  private final Set<UUID> messages = new HashSet<>();
  private Map<String, Long> sentBeforeFault = Map.of();
  private Map<String, Long> attemptedBeforeFault = Map.of();
  private @Nullable String leader;
  private boolean lastFaultHit = true;
  private long faults;
  private long faultsThatHit;
  private long redelivered;
  private long takeovers;

  /** Takes the journal, line by line, in its order. */
  void line(Journal.Line line) {
    switch (line.kind()) {
      case SENT -> {
        if (!line.node().equals(leader)) {
          takeovers += leader == null ? 0 : 1;
          leader = line.node();
        }
        first(sent, line);
        countRedelivery(line, sentBeforeFault);
      }
      case ATTEMPT -> {
        first(attempted, line);
        countRedelivery(line, attemptedBeforeFault);
      }
      case FAULT -> {
        faults++;
        lastFaultHit = false;
        sentBeforeFault = new HashMap<>(sent);
        attemptedBeforeFault = new HashMap<>(attempted);
      }
      case STARTED, ACKNOWLEDGED, FENCED_WRITE, SPARED, WOKE -> {}
    }
  }

  private void first(Map<String, Long> highest, Journal.Line line) {
    String what =
        "%s of %s/%d by %s".formatted(line.kind(), line.key(), line.version(), line.node());
    first(Violation.OVERTAKEN, highest, line.key(), line.version(), what);
  }

  private void first(
      Violation violation, Map<String, Long> highest, String key, long version, String what) {
    long before = highest.getOrDefault(key, 0L);
    if (version > before + 1) {
      violate(violation, "%s came after %d".formatted(what, before));
    }
    highest.put(key, Math.max(before, version));
  }

  private void countRedelivery(Journal.Line line, Map<String, Long> beforeFault) {
    if (line.version() > beforeFault.getOrDefault(line.key(), 0L)) {
      return;
    }
    redelivered++;
    if (!lastFaultHit) {
      lastFaultHit = true;
      faultsThatHit++;
    }
  }

  /** Takes a record of the topic; those of one partition in their order. */
  void record(int partition, String key, long version) {
    Integer before = partitions.putIfAbsent(key, partition);
    if (before != null && before != partition) {
      violate(Violation.SCATTERED, "%s in %d and %d".formatted(key, before, partition));
    }
    recorded.computeIfAbsent(key, k -> new HashSet<>()).add(version);
    first(
        Violation.OVERTAKEN_IN_TOPIC,
        inTopic,
        key,
        version,
        "record %s/%d".formatted(key, version));
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
            if (!recorded.getOrDefault(key, Set.of()).contains(version)) {
              violate(Violation.MISSING_IN_TOPIC, key + "/" + version);
            }
            if (!inEffect.getOrDefault(key, Set.of()).contains(version)) {
              violate(Violation.LOST, key + "/" + version);
            }
          }
        });
    inTopic.forEach((key, version) -> requireCommitted(committed, key, version));
    inEffect.forEach(
        (key, versions) -> versions.forEach(version -> requireCommitted(committed, key, version)));
    return new Verdict(violations, messages.size(), faults, faultsThatHit, redelivered, takeovers);
  }

  private void requireCommitted(Map<String, Long> committed, String key, long version) {
    if (version > committed.getOrDefault(key, 0L)) {
      violate(Violation.INVENTED, key + "/" + version);
    }
  }

  private void violate(Violation violation, String what) {
    violations.computeIfAbsent(violation, v -> new ArrayList<>()).add(what);
  }

  /**
   * The judgement.
   *
   * @param violations each with where it was seen
   * @param messages how many took effect
   * @param faults how often a process was hurt
   * @param faultsThatHit how many of those were followed by a repeat of something begun before
   * @param redelivered repeats of sending and of attempts, all in all
   * @param takeovers how often another process began to send
   */
  record Verdict(
      Map<Violation, List<String>> violations,
      long messages,
      long faults,
      long faultsThatHit,
      long redelivered,
      long takeovers) {

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
      if (messages == 0 || faultsThatHit == 0 || redelivered == 0 || takeovers == 0) {
        throw new AssertionError("the run does not count: " + this);
      }
      return this;
    }

    @Override
    public String toString() {
      return "%d messages, %d faults, %d of them hit work under way, %d repeats, %d takeovers, violations %s"
          .formatted(messages, faults, faultsThatHit, redelivered, takeovers, violations.keySet());
    }
  }
}
