package dev.evenkeel.saga;

import java.util.Arrays;
import java.util.Optional;

/**
 * Every way from one state to another; nothing else changes a state. The diagram in the docs is
 * made from this table.
 */
enum SagaTransition {
  /** Every step is done. */
  COMPLETE(SagaState.RUNNING, SagaState.COMPLETED, "every step is done"),
  /** A refusal, attempts used up, a timeout, the deadline or a cancel, before the pivot. */
  CLOSE(
      SagaState.RUNNING, SagaState.CLOSING, "refusal, attempts used up, timeout, deadline, cancel"),
  /** The pivot had happened after all: from now on only forward. */
  RESUME(SagaState.CLOSING, SagaState.RUNNING, "the pivot is found done"),
  /** Nothing can happen forward any more, and the pivot has not. */
  COMPENSATE(SagaState.CLOSING, SagaState.COMPENSATING, "all else is fenced"),
  /** Everything that had happened is undone. */
  UNDO(SagaState.COMPENSATING, SagaState.COMPENSATED, "everything is undone"),
  /** Of a child only: the saga that it is a step of has turned back. */
  REOPEN(SagaState.COMPLETED, SagaState.CLOSING, "a child's parent turns back");

  private final SagaState from;
  private final SagaState to;
  private final String cause;

  SagaTransition(SagaState from, SagaState to, String cause) {
    this.from = from;
    this.to = to;
    this.cause = cause;
  }

  SagaState from() {
    return from;
  }

  SagaState to() {
    return to;
  }

  /** The transition between two states; empty when there is none. */
  static Optional<SagaTransition> between(SagaState from, SagaState to) {
    return Arrays.stream(values()).filter(t -> t.from == from && t.to == to).findFirst();
  }

  /** The table as a Mermaid state diagram. */
  static String mermaid() {
    StringBuilder diagram = new StringBuilder("stateDiagram-v2\n  [*] --> RUNNING : start\n");
    for (SagaTransition t : values()) {
      diagram.append("  %s --> %s : %s%n".formatted(t.from, t.to, t.cause).replace("\r", ""));
    }
    for (SagaState state : SagaState.values()) {
      if (state.isEnded()) {
        diagram.append("  ").append(state).append(" --> [*]\n");
      }
    }
    return diagram.toString();
  }
}
