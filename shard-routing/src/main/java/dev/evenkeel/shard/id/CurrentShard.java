package dev.evenkeel.shard.id;

/** Says which shard the current transaction is bound to; asked by {@link SequenceIds}. */
@FunctionalInterface
public interface CurrentShard {

  /**
   * The shard.
   *
   * @throws RuntimeException if the calling thread is in no routed transaction; the message says so
   */
  NumberedShard shard();
}
