package dev.evenkeel.saga.definition;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a definition, so that one start-up shows all of it. */
final class Mistakes {

  /** Beyond it a duration is a mistake, and would not fit into nanoseconds one day. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  private final String where;
  private final List<String> sentences;

  private Mistakes(String where, List<String> sentences) {
    this.where = where;
    this.sentences = sentences;
  }

  static Mistakes of(String saga, int version) {
    return new Mistakes("saga \"%s\" version %d".formatted(saga, version), new ArrayList<>());
  }

  /** The same mistakes; what is added to one is not in the other. */
  Mistakes copy() {
    return new Mistakes(where, new ArrayList<>(sentences));
  }

  /** The same collection; what is added names the step. */
  Mistakes step(String step) {
    return new Mistakes("%s, step \"%s\"".formatted(where, step), sentences);
  }

  void add(String sentence) {
    sentences.add(where + ": " + sentence);
  }

  /** Adds what an exception says. */
  void add(IllegalArgumentException mistake) {
    add(String.valueOf(mistake.getMessage()));
  }

  /** Adds a mistake unless the duration is one that can be waited for. */
  void requireLength(String name, Duration duration) {
    if (duration.isNegative() || duration.isZero() || duration.compareTo(LONGEST) > 0) {
      add("%s must be above zero and at most %s, was %s".formatted(name, LONGEST, duration));
    }
  }

  /**
   * Ends the checking.
   *
   * @throws SagaDefinitionException if there is a mistake
   */
  void throwIfAny() {
    if (!sentences.isEmpty()) {
      throw new SagaDefinitionException(sentences);
    }
  }
}
