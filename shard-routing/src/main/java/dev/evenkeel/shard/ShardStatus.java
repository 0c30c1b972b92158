package dev.evenkeel.shard;

/**
 * One shard at one moment.
 *
 * @param slots how many slots lie on it; 0 while the map is not known
 * @param detail why it is not up, in one sentence; empty when it is
 */
public record ShardStatus(String name, State state, int slots, String detail) {

  /** Whether transactions can go there. */
  public enum State {
    /** Not migrated or not identified yet: refused. */
    STARTING,
    /** Takes transactions. */
    UP,
    /**
     * Does not answer: refused at once, so that nobody waits for it; looked at again each second.
     */
    DOWN
  }
}
