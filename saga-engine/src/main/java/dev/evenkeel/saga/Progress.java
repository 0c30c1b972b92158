package dev.evenkeel.saga;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.saga.SagaHistoryEntry.Kind;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the {@code progress} column holds: steps known to be done, attempts that count towards a
 * bound, and the history. Nothing is decided by it but two alarms, a step that was done and has no
 * row, and attempts used up. Confined to its instance's lock.
 */
final class Progress {

  /** Most lines of the history; the first {@link #HEAD} and the last are kept. */
  static final int MAX_LINES = 500;

  private static final int HEAD = 100;
  private static final int MAX_DETAIL = 500;

  /** Short, because each update writes the row again, and has to find room in its page. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .changeDefaultPropertyInclusion(
              included -> included.withValueInclusion(JsonInclude.Include.NON_NULL))
          .build();

  /** A line as it is stored, without names, for the same reason. */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Line(
      String at,
      Kind kind,
      @Nullable String step,
      @Nullable Integer item,
      @Nullable Integer attempt,
      @Nullable String shard,
      @Nullable Long micros,
      @Nullable String detail) {

    SagaHistoryEntry entry() {
      return new SagaHistoryEntry(
          Instant.parse(at),
          kind,
          step,
          item,
          attempt == null ? 0 : attempt,
          shard,
          Duration.ofNanos(micros == null ? 0 : micros * 1_000),
          detail == null ? "" : detail);
    }
  }

  /**
   * Failures of a step in the present direction.
   *
   * @param attempts those that count
   * @param tries all of them
   */
  record Count(int attempts, int tries) {}

  /**
   * A step that waits for a lock.
   *
   * @param since when it began to, whoever owned the saga then
   * @param holder the saga that has it
   */
  record Wait(String since, UUID holder) {}

  private record Stored(
      List<String> done,
      Map<String, Count> attempts,
      List<Line> history,
      @Nullable Map<String, Wait> waits) {}

  private final Set<StepKey> done = new LinkedHashSet<>();
  private final Map<StepKey, Count> attempts = new LinkedHashMap<>();
  private final List<Line> history = new ArrayList<>();
  private final Map<StepKey, Wait> waits = new LinkedHashMap<>();

  /**
   * What an earlier owner wrote.
   *
   * @throws IllegalArgumentException if no owner wrote it so
   */
  static Progress read(String text) {
    if (!text.startsWith("{")) {
      return new Progress();
    }
    try {
      return of(JSON.readValue(text, Stored.class));
    } catch (RuntimeException e) { // whatever a hand in the database made of it
      throw new IllegalArgumentException(
          "The saga's progress is not what was written: " + FailureText.of(e), e);
    }
  }

  private static Progress of(Stored stored) {
    Progress progress = new Progress();
    stored.done().forEach(key -> progress.done.add(StepKey.parse(key)));
    stored.attempts().forEach((key, count) -> progress.attempts.put(StepKey.parse(key), count));
    progress.history.addAll(stored.history());
    Map<String, Wait> waits = stored.waits();
    if (waits != null) {
      waits.forEach((key, wait) -> progress.waits.put(StepKey.parse(key), wait));
    }
    return progress;
  }

  String write() {
    Map<String, Count> counts = new LinkedHashMap<>();
    attempts.forEach((key, count) -> counts.put(key.toString(), count));
    Map<String, Wait> waiting = new LinkedHashMap<>();
    waits.forEach((key, wait) -> waiting.put(key.toString(), wait));
    return JSON.writeValueAsString(
        new Stored(
            done.stream().map(StepKey::toString).toList(),
            counts,
            history,
            waiting.isEmpty() ? null : waiting));
  }

  boolean isDone(StepKey key) {
    return done.contains(key);
  }

  void done(StepKey key) {
    done.add(key);
    attempts.remove(key);
  }

  Map<StepKey, Count> attempts() {
    return Map.copyOf(attempts);
  }

  void attempts(StepKey key, Count count) {
    attempts.put(key, count);
  }

  void forgetAttempts() {
    attempts.clear();
  }

  /** Says for whom a step waits; whether that is new. */
  boolean waits(StepKey key, UUID holder, Instant now) {
    Wait before = waits.get(key);
    String since = before == null ? now.truncatedTo(ChronoUnit.MILLIS).toString() : before.since();
    waits.put(key, new Wait(since, holder));
    return before == null || !before.holder().equals(holder);
  }

  /** Since when a step waits. */
  Instant waitsSince(StepKey key) {
    return Instant.parse(java.util.Objects.requireNonNull(waits.get(key)).since());
  }

  /** Steps that wait no more. */
  void waitNoMore(Predicate<StepKey> steps) {
    waits.keySet().removeIf(steps);
  }

  /** The sagas for whose locks steps wait. */
  Set<UUID> waitsFor() {
    return waits.values().stream().map(Wait::holder).collect(Collectors.toUnmodifiableSet());
  }

  Progress copy() {
    Progress copy = new Progress();
    copy.done.addAll(done);
    copy.attempts.putAll(attempts);
    copy.history.addAll(history);
    copy.waits.putAll(waits);
    return copy;
  }

  /** Whether the last line says the same of the same step. */
  boolean endsWith(Kind kind, StepKey key) {
    if (history.isEmpty()) {
      return false;
    }
    Line last = history.get(history.size() - 1);
    return last.kind() == kind && key.step().equals(last.step());
  }

  /** Whether a line says so of a step. */
  boolean has(Kind kind, String step, String detail) {
    String stored = StorableText.of(detail, MAX_DETAIL);
    return history.stream()
        .anyMatch(
            line ->
                line.kind() == kind && step.equals(line.step()) && stored.equals(line.detail()));
  }

  /** Adds a line. */
  void add(
      Instant at,
      Kind kind,
      @Nullable StepKey key,
      boolean hasItems,
      int attempt,
      @Nullable String shard,
      Duration duration,
      String detail) {
    if (history.size() >= MAX_LINES) {
      history.remove(HEAD);
    }
    history.add(
        new Line(
            at.truncatedTo(ChronoUnit.MILLIS).toString(),
            kind,
            key == null ? null : key.step(),
            key != null && hasItems ? key.item() : null,
            attempt == 0 ? null : attempt,
            shard,
            duration.isZero() ? null : duration.toNanos() / 1_000,
            detail.isEmpty() ? null : StorableText.of(detail, MAX_DETAIL)));
  }

  List<SagaHistoryEntry> entries() {
    return history.stream().map(Line::entry).toList();
  }
}
