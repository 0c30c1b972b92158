package dev.evenkeel.saga;

import dev.evenkeel.saga.StepTable.Direction;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rows of {@code saga_step} in a simulation, of all shards; the first is final. */
final class SimulatedRows {

  private record Id(StepKey key, Direction direction) {}

  /**
   * A row.
   *
   * @param notAfter until when a call that has begun may take effect; null for a row that is final
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the simulation
  record Row(
      StepKey key,
      Direction direction,
      int slot,
      Outcome outcome,
      byte @Nullable [] result,
      Instant at,
      @Nullable Instant notAfter) {}

  private final Map<Id, Row> rows = new LinkedHashMap<>();
  private final List<String> effects = new ArrayList<>();

  @Nullable Row find(StepKey key, Direction direction) {
    return rows.get(new Id(key, direction));
  }

  /** Whether it was the first. */
  boolean insert(Row row) {
    Id id = new Id(row.key(), row.direction());
    Row before = rows.get(id);
    if (before != null && (before.outcome() != Outcome.STARTED)) {
      return false;
    }
    rows.put(id, row);
    if (row.direction() == Direction.COMPENSATION) {
      effects.add("-" + row.key());
    } else if (row.outcome() == Outcome.DONE) {
      effects.add(row.key().toString());
    }
    return true;
  }

  List<String> effects() {
    return List.copyOf(effects);
  }

  /** What a shard's rows tell. */
  List<SagaNews> news(SagaCodec codec, SagaDefinition definition, int slot) {
    List<SagaNews> news = new ArrayList<>();
    for (Row row : rows.values()) {
      SagaNews told = row.slot() == slot ? news(codec, definition, row) : null;
      if (told != null) {
        news.add(told);
      }
    }
    return news;
  }

  /** Null for what has only begun. */
  static @Nullable SagaNews news(SagaCodec codec, SagaDefinition definition, Row row) {
    if (row.outcome() == Outcome.STARTED) {
      return null;
    }
    if (row.direction() == Direction.COMPENSATION) {
      return new SagaNews.Undone(row.key());
    }
    boolean refused = row.outcome() == Outcome.REFUSED;
    Class<?> type = definition.step(row.key().step()).resultType();
    return new SagaNews.Ended(
        row.key(),
        row.outcome(),
        refused ? null : codec.result(row.result(), type),
        refused ? codec.failure(row.result()) : null,
        row.at());
  }

  /** What must hold of them. */
  List<String> faults(SimulatedHome home) {
    List<String> faults = new ArrayList<>();
    ActionStep pivot = home.definition().pivot();
    boolean pivotDone = pivot != null && isDone(new StepKey(pivot.name(), 0));
    for (Row row : rows.values()) {
      boolean undone = find(row.key(), Direction.COMPENSATION) != null;
      if (row.direction() == Direction.COMPENSATION) {
        if (pivotDone) {
          faults.add("\"%s\" was undone after the pivot".formatted(row.key()));
        }
        continue;
      }
      if (undone && row.outcome() != Outcome.DONE && row.outcome() != Outcome.UNKNOWN) {
        faults.add("\"%s\" was undone and had not been done".formatted(row.key()));
      }
      StepDefinition step = home.definition().step(row.key().step());
      boolean undoable = step instanceof ActionStep action && action.compensation() != null;
      if (home.phase() == SagaState.COMPENSATED
          && row.outcome() == Outcome.DONE
          && undoable
          && !undone) {
        faults.add("\"%s\" was done and is not undone".formatted(row.key()));
      }
    }
    return faults;
  }

  private boolean isDone(StepKey key) {
    Row row = find(key, Direction.FORWARD);
    return row != null && row.outcome().lets();
  }
}
