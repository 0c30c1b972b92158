package dev.evenkeel.shard.id;

import org.jspecify.annotations.Nullable;

/**
 * No id within the time that a caller may wait. The message says since when, why, and what helps;
 * the next call may succeed.
 */
public final class IdsUnavailableException extends RuntimeException {

  IdsUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
