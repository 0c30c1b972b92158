package dev.evenkeel.shard;

/** A shard key that is missing, or that no slot can be made of. */
public final class ShardKeyException extends ShardException {

  /** Refuses a key. */
  public ShardKeyException(String message) {
    super(message, null);
  }
}
