package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.MessageObserver;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Appends messages in the framework's own transactions, which no transaction manager knows. For the
 * framework's modules; applications append to an {@link Outbox}, which buffers, checks sizes,
 * leaves large payloads elsewhere and adds headers. None of that happens here: messages are written
 * as they are, at once.
 *
 * <p>Append last in a transaction, after the row locks that put the senders of one key in order:
 * positions are drawn here, and a key's messages go out in the order of their positions where they
 * are sent from the ring. Thread-safe.
 */
public final class ProtocolOutbox {

  private final OutboxWriter writer;
  private final MessageObserver observer;

  /** Makes the outbox of an installation that writes rows. */
  public ProtocolOutbox(String schema, MessageObserver observer) {
    this(schema, OutboxStorage.TABLE, observer);
  }

  /**
   * Makes the outbox of an installation.
   *
   * @param observer told how many messages were written
   */
  public ProtocolOutbox(String schema, OutboxStorage storage, MessageObserver observer) {
    this.writer = OutboxWriter.of(storage, schema);
    this.observer = observer;
  }

  /**
   * Writes messages, in their order; they are sent if the transaction commits. The row's slot is
   * that of the header {@link MessageHeaders#SLOT}, without one that of the key.
   *
   * @param connection in a transaction, on a database that holds the installation's schema
   * @param messages none means nothing to do
   * @throws OutboxException if a message can't be appended; then none is written
   * @throws IllegalStateException if the connection is in auto-commit mode
   */
  public void append(Connection connection, List<OutboxMessage> messages) throws SQLException {
    if (connection.getAutoCommit()) {
      throw new IllegalStateException(
          "Messages were appended outside a transaction; turn auto-commit off on the connection");
    }
    messages.forEach(OutboxTable::requireFit);
    if (messages.isEmpty()) {
      return;
    }
    writer.write(connection, messages);
    observer.appended(messages.size());
  }
}
