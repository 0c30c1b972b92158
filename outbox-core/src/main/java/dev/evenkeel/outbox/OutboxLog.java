package dev.evenkeel.outbox;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes messages to the WAL alone: one transactional logical message for each, which PostgreSQL
 * decodes with its transaction when that commits, and never when it, or the savepoint around it, is
 * rolled back.
 *
 * <p>What was committed before the replication slot stood is in no stream, and no table has it. So
 * the first message of a process, on each database, asks for two things. The witness in {@code
 * relay_state}: the relay commits it after it made the replication slot, or took over the one it
 * found, and not while one is only being made. And the replication slot itself, with a confirmed
 * position, because a witness outlives a replication slot that is dropped, or left behind by a dump
 * or a failover. Both are looked at in the message's own transaction: what was there then was there
 * before its commit, and whatever commits after a replication slot is made is in its stream. Later
 * messages do not ask: when the replication slot is lost from then on, the relay's alarm says so.
 *
 * <p>For that alarm a row in {@code outbox_in_wal}, which commits with the first messages, tells
 * that there are any. Several first transactions may each leave one; none waits for another.
 */
final class OutboxLog implements OutboxWriter {

  /** Bounds of a statement: it holds its messages several times over, on either side. */
  private static final int MESSAGES_PER_STATEMENT = 1_000;

  private static final int BYTES_PER_STATEMENT = 8 << 20;

  private static final String SERVERS_BYTES =
      """
      '\\x%02x'::bytea || int8send(pg_current_xact_id()::text::bigint)
                   || int8send((extract(epoch FROM clock_timestamp()) * 1000000)::bigint)\
      """
          .formatted(LogicalMessage.FORMAT);

  private static final String EMIT_ONE =
      "SELECT pg_logical_emit_message(true, ?, %s || ?)".formatted(SERVERS_BYTES);

  /**
   * The calls are made in the order of n, twice over: the inner query is sorted and can't be merged
   * into the outer one (OFFSET), which calls once for each row as it comes; and a volatile function
   * in a select list is called after the sort in any case, since PostgreSQL 9.6.
   */
  private static final String EMIT_MANY =
      """
      SELECT pg_logical_emit_message(true, ?, %s || ordered.body)
        FROM (SELECT m.body FROM unnest(?::bytea[]) WITH ORDINALITY AS m (body, n) ORDER BY m.n OFFSET 0) AS ordered
      """
          .formatted(SERVERS_BYTES);

  private final String schema;
  private final String prefix;
  private final String look;
  private final String note;
  private final Set<String> ready = ConcurrentHashMap.newKeySet(); // JDBC URLs; one for each shard

  OutboxLog(String schema) {
    this.schema = schema;
    this.prefix = LogicalMessage.prefix(schema);
    this.look =
        """
        SELECT witness_lsn IS NOT NULL
               AND EXISTS (SELECT FROM pg_replication_slots
                            WHERE slot_name = ? AND database = current_database()
                              AND confirmed_flush_lsn IS NOT NULL AND wal_status <> 'lost'),
               EXISTS (SELECT FROM %1$s.outbox_in_wal),
               EXISTS (SELECT FROM %1$s.outbox_in_wal WHERE xid <> pg_current_xact_id()::text::bigint)
          FROM %1$s.relay_state
        """
            .formatted(schema);
    this.note = "INSERT INTO %s.outbox_in_wal DEFAULT VALUES".formatted(schema);
  }

  @Override
  public void write(Connection connection, List<OutboxMessage> messages) throws SQLException {
    messages.forEach(LogicalMessage::requireStorable);
    requireReady(connection, messages.get(0));
    List<byte[]> bodies = new ArrayList<>();
    long bytes = 0;
    for (OutboxMessage message : messages) {
      byte[] body = LogicalMessage.body(message);
      if (!bodies.isEmpty()
          && (bodies.size() == MESSAGES_PER_STATEMENT
              || bytes + body.length > BYTES_PER_STATEMENT)) {
        emit(connection, bodies);
        bodies.clear();
        bytes = 0;
      }
      bodies.add(body);
      bytes += body.length;
    }
    emit(connection, bodies);
  }

  private void emit(Connection connection, List<byte[]> bodies) throws SQLException {
    if (bodies.size() == 1) {
      try (PreparedStatement statement = connection.prepareStatement(EMIT_ONE)) {
        statement.setString(1, prefix);
        statement.setBytes(2, bodies.get(0));
        statement.execute();
      }
      return;
    }
    Array array = connection.createArrayOf("bytea", bodies.toArray(byte[][]::new));
    try (PreparedStatement statement = connection.prepareStatement(EMIT_MANY)) {
      statement.setString(1, prefix);
      statement.setArray(2, array);
      statement.execute();
    } finally {
      array.free();
    }
  }

  private void requireReady(Connection connection, OutboxMessage first) throws SQLException {
    String url = connection.getMetaData().getURL();
    if (ready.contains(url)) {
      return;
    }
    String slot = ReplicationSlotName.of(connection.getCatalog(), schema);
    try (PreparedStatement statement = connection.prepareStatement(look)) {
      statement.setString(1, slot);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        if (!row.getBoolean(1)) {
          throw new OutboxException(
              ("%s was not written: with evenkeel.outbox.storage=wal it would be in no table, and the"
                      + " replication slot %s that should keep it is not in place; start a relay with"
                      + " evenkeel.relay.mode=cdc, whose health says what it lacks, and append again")
                  .formatted(first, slot));
        }
        if (row.getBoolean(3)) { // committed, whatever becomes of this transaction
          ready.add(url);
        } else if (!row.getBoolean(2)) {
          note(connection);
        }
      }
    }
  }

  private void note(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(note);
    }
  }
}
