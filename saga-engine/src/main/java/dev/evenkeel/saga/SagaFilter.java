package dev.evenkeel.saga;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which instances are meant: those that match all that is given. Start from {@link #all()}.
 *
 * @param saga exact name; null for any
 * @param key exact text of the key; null for any
 * @param states any of them; empty for any state
 * @param stuck only those that are marked as stuck
 * @param startedAfter started at that instant or later, by the home shard's clock; null for any
 * @param startedBefore started before that instant, by the home shard's clock; null for any
 * @param step exact name of the step that keeps them stuck or made them turn back; null for any
 * @param error part of why they are stuck or turned back, whatever its case; null for any
 */
public record SagaFilter(
    @Nullable String saga,
    @Nullable String key,
    Set<SagaState> states,
    boolean stuck,
    @Nullable Instant startedAfter,
    @Nullable Instant startedBefore,
    @Nullable String step,
    @Nullable String error) {

  private static final SagaFilter ALL =
      new SagaFilter(null, null, Set.of(), false, null, null, null, null);

  public SagaFilter {
    states = Set.copyOf(states);
  }

  /** Every instance. */
  public static SagaFilter all() {
    return ALL;
  }

  /** Whether it leaves nothing out. */
  public boolean isAll() {
    return equals(ALL);
  }

  /** Those of one saga only. */
  public SagaFilter withSaga(String name) {
    return new SagaFilter(name, key, states, stuck, startedAfter, startedBefore, step, error);
  }

  /** Those with one key only. */
  public SagaFilter withKey(String text) {
    return new SagaFilter(saga, text, states, stuck, startedAfter, startedBefore, step, error);
  }

  /** Those in any of these states only. */
  public SagaFilter withStates(SagaState... any) {
    return new SagaFilter(saga, key, Set.of(any), stuck, startedAfter, startedBefore, step, error);
  }

  /** Stuck ones only. */
  public SagaFilter onlyStuck() {
    return new SagaFilter(saga, key, states, true, startedAfter, startedBefore, step, error);
  }

  /** Those that were started at that instant or later only. */
  public SagaFilter withStartedAfter(Instant instant) {
    return new SagaFilter(saga, key, states, stuck, instant, startedBefore, step, error);
  }

  /** Those that were started before that instant only. */
  public SagaFilter withStartedBefore(Instant instant) {
    return new SagaFilter(saga, key, states, stuck, startedAfter, instant, step, error);
  }

  /** Those in trouble at one step only. */
  public SagaFilter withStep(String name) {
    return new SagaFilter(saga, key, states, stuck, startedAfter, startedBefore, name, error);
  }

  /** Those only whose trouble is described by these words. */
  public SagaFilter withError(String part) {
    return new SagaFilter(saga, key, states, stuck, startedAfter, startedBefore, step, part);
  }
}
