package dev.evenkeel.testing.database;

import org.jspecify.annotations.Nullable;

/** A server could not be unpacked, initialised, started, stopped or asked. */
public final class PostgresException extends RuntimeException {

  PostgresException(String message) {
    super(message);
  }

  PostgresException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
