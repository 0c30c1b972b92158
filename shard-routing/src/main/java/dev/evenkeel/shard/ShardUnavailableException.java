package dev.evenkeel.shard;

import org.jspecify.annotations.Nullable;

/** The shard does not answer, or is not ready yet; others go on. */
public final class ShardUnavailableException extends ShardException {

  ShardUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
