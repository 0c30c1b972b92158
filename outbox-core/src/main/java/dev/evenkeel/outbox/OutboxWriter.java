package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Writes messages where the relay finds them. Thread-safe. */
interface OutboxWriter {

  /** The writer of an installation. */
  static OutboxWriter of(OutboxStorage storage, String schema) {
    return switch (storage) {
      case TABLE -> new OutboxTable(schema);
      case WAL -> new OutboxLog(schema);
    };
  }

  /**
   * Writes messages, in their order, in the connection's transaction.
   *
   * @param messages at least one, each {@link OutboxTable#requireFit fit} for the outbox
   * @throws OutboxException if they can't be written there; then none is
   */
  void write(Connection connection, List<OutboxMessage> messages) throws SQLException;
}
