package dev.evenkeel.shard.guard;

/** What happens when a dual write is found. */
public enum DualWriteMode {
  /** Nothing is looked at. */
  OFF,
  /** It is logged, at most once a minute for each call site, and goes on. */
  WARN,
  /** It is refused by a {@link DualWriteException}, before anything is sent. */
  FAIL
}
