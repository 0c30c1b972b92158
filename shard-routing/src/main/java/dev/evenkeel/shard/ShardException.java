package dev.evenkeel.shard;

import org.jspecify.annotations.Nullable;

/** A transaction that can't be routed. The message says why, and what to do. */
public abstract class ShardException extends IllegalStateException {

  ShardException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
