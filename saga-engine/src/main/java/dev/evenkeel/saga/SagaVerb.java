package dev.evenkeel.saga;

import dev.evenkeel.saga.StepState.Work;

/** What a saga asks of a participant, by a message. Stored and sent by name. */
enum SagaVerb {
  /** Carry the command out, if nothing else is stored for the step. */
  EXECUTE,
  /** See to it that it can't be carried out any more, and say what has happened. */
  FENCE,
  /** Undo it. */
  UNDO,
  /** The saga is over and deleted: forget its steps. Nobody answers. */
  FORGET;

  static SagaVerb of(Work work) {
    return switch (work) {
      case FORWARD -> EXECUTE;
      case FENCE -> FENCE;
      case UNDO -> UNDO;
      case SKIP, RESOLVE, NONE -> throw new IllegalArgumentException(work + " is not asked");
    };
  }

  /** What the owner takes to be under way elsewhere. */
  Work work() {
    return switch (this) {
      case EXECUTE -> Work.FORWARD;
      case FENCE -> Work.FENCE;
      case UNDO -> Work.UNDO;
      case FORGET -> Work.NONE;
    };
  }
}
