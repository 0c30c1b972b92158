package dev.evenkeel.saga;

/** What becomes of a saga when the event it awaits does not come in time. */
public enum OnTimeout {
  /** The saga turns back. */
  COMPENSATE,
  /** The saga goes on; the event is null for whoever asks for it. */
  CONTINUE
}
