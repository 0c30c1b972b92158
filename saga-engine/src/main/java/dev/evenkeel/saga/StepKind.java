package dev.evenkeel.saga;

/** Where a step stands relative to the point of no return. */
public enum StepKind {
  /** Before the pivot: can be undone by its compensation, or has nothing to undo. */
  COMPENSATABLE,
  /** The point of no return, one at most: once it has happened, the saga only goes forward. */
  PIVOT,
  /** After the pivot: repeated until it succeeds, and never refuses. */
  RETRIABLE
}
