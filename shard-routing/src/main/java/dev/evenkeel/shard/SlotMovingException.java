package dev.evenkeel.shard;

import java.sql.SQLTransientConnectionException;

/** The slot is being moved and takes no transaction at this moment; try again shortly. */
public final class SlotMovingException extends ShardException {

  SlotMovingException(String message) {
    // The cause is what failure handling knows as an outage: it passes by itself.
    super(message, new SQLTransientConnectionException(message, "08006"));
  }
}
