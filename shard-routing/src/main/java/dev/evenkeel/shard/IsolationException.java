package dev.evenkeel.shard;

/** A routed transaction that writes asked for another isolation level than READ COMMITTED. */
public final class IsolationException extends ShardException {

  IsolationException(String message) {
    super(message, null);
  }
}
