package dev.evenkeel.shard;

/** The routed data source was used outside a shard's scope. */
public final class NoShardException extends ShardException {

  NoShardException(String message) {
    super(message, null);
  }
}
