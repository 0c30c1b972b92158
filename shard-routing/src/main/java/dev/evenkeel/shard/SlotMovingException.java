package dev.evenkeel.shard;

/** The slot is being moved and takes no transaction at this moment; try again shortly. */
public final class SlotMovingException extends ShardException {

  SlotMovingException(String message) {
    super(message, null);
  }
}
