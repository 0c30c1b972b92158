package dev.evenkeel.shard.lint;

/** What the linter thinks of a column, or of one figure. From good to bad. */
public enum Verdict {
  /** Nothing speaks against it. */
  SUITABLE,
  /** It can be a shard key, once somebody has thought about the reasons given. */
  WARNING,
  /** Sharding by it would not spread the writes, or would spread what belongs together. */
  UNSUITABLE
}
