package dev.evenkeel.shard;

import java.sql.SQLTransientConnectionException;
import org.jspecify.annotations.Nullable;

/** The shard does not answer, or is not ready yet; others go on. */
public final class ShardUnavailableException extends ShardException {

  /** Refuses a transaction. */
  public ShardUnavailableException(String message, @Nullable Throwable cause) {
    // The cause is what failure handling knows as an outage of a database.
    super(message, cause == null ? new SQLTransientConnectionException(message, "08006") : cause);
  }
}
