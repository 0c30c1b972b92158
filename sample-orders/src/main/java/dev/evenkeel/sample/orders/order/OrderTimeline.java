package dev.evenkeel.sample.orders.order;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.evenkeel.saga.SagaHistoryEntry;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStatus;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What happened to an order, as HTTP shows it.
 *
 * @param stuck what keeps the saga; left out when nothing does
 * @param entries oldest first
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record OrderTimeline(
    UUID orderId, UUID sagaId, SagaState state, @Nullable String stuck, List<Entry> entries) {

  private static final double NANOS_PER_MILLI = 1_000_000;

  /**
   * One thing that happened.
   *
   * @param step left out for what concerns the whole order
   * @param line of the order, from 0; left out for what concerns no single line
   * @param attempt from 1; 0 where none was made
   * @param shard where, or the participant that did it
   * @param millis how long the attempt took
   * @param text in a sentence
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Entry(
      Instant at,
      SagaHistoryEntry.Kind kind,
      @Nullable String step,
      @Nullable Integer line,
      int attempt,
      @Nullable String shard,
      double millis,
      String text) {

    static Entry of(SagaHistoryEntry entry) {
      return new Entry(
          entry.at(),
          entry.kind(),
          entry.step(),
          entry.item(),
          entry.attempt(),
          entry.shard(),
          entry.duration().toNanos() / NANOS_PER_MILLI,
          sentence(entry));
    }
  }

  static OrderTimeline of(UUID orderId, SagaStatus saga, List<SagaHistoryEntry> history) {
    return new OrderTimeline(
        orderId,
        saga.id(),
        saga.state(),
        saga.stuckReason(),
        history.stream().map(Entry::of).toList());
  }

  private static String sentence(SagaHistoryEntry entry) {
    StringBuilder text = new StringBuilder();
    text.append(entry.step() == null ? "The order's saga" : entry.step());
    if (entry.item() != null) {
      text.append(" of line ").append(entry.item() + 1);
    }
    text.append(' ').append(happened(entry));
    if (entry.shard() != null) {
      text.append(" at ").append(entry.shard()); // a shard, or a participant
    }
    if (entry.attempt() > 1) {
      text.append(" in attempt ").append(entry.attempt());
    }
    boolean said = entry.kind() == SagaHistoryEntry.Kind.STATE;
    if (!entry.detail().isEmpty() && !said) {
      text.append(": ").append(entry.detail());
    }
    return text.toString();
  }

  private static String happened(SagaHistoryEntry entry) {
    return switch (entry.kind()) {
      case STATE -> "became " + entry.detail();
      case DONE -> "took effect";
      case REFUSED -> "was refused";
      case FENCED -> "can't happen any more";
      case UNKNOWN -> "got no answer, and counts as done until it is undone";
      case LOCKED -> "waits for another order";
      case FAILED -> "failed and is tried again";
      case UNAVAILABLE -> "found its shard away";
      case COMPENSATED -> "was undone";
      case COMPENSATION_FAILED -> "could not be undone and is tried again";
      case STUCK -> "is stuck";
      case TAKEN_OVER -> "was taken over by another process";
      case DECIDED -> "was decided on by an operator";
      case SKIPPED -> "was skipped";
    };
  }
}
