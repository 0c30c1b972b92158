package dev.evenkeel.shard;

/** A transaction that writes was begun in a scope that reads from a replica. */
public final class ReplicaReadOnlyException extends ShardException {

  ReplicaReadOnlyException(String message) {
    super(message, null);
  }
}
