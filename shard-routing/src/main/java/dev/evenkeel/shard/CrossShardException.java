package dev.evenkeel.shard;

/** A transaction that is bound to one slot reached for another. */
public final class CrossShardException extends ShardException {

  CrossShardException(String message) {
    super(message, null);
  }
}
