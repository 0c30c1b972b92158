package dev.evenkeel.outbox;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes messages to the WAL alone: one transactional logical message for each, which PostgreSQL
 * decodes with its transaction when that commits, and never when it, or the savepoint around it, is
 * rolled back.
 *
 * <p>What commits while no replication slot stands is in no stream, and no table has it. So the
 * statement that writes looks, each time, for two things, and writes nothing where one is missing.
 * The witness of an embedded relay: it is committed after the relay made the replication slot, or
 * took over the one it found, and a term of any other kind takes it away. And the replication slot
 * itself, with a confirmed position: a witness outlives a replication slot that is dropped or lost,
 * or stayed behind in a dump or a failover, and one that is still being made does not decode the
 * transactions that it waits for. What stands then was made before this transaction's commit, and
 * whatever commits after a replication slot is made is in its stream.
 *
 * <p>A row in {@code outbox_in_wal}, which commits with the first messages, tells that there are
 * any: for the alarm when a replication slot is lost, and for relays that read no WAL. Several
 * first transactions may each leave one; none waits for another.
 */
final class OutboxLog implements OutboxWriter {

  /** Bounds of a statement: it holds its messages several times over, on either side. */
  private static final int MESSAGES_PER_STATEMENT = 1_000;

  private static final int BYTES_PER_STATEMENT = 8 << 20;

  /** Not the view's column for the database: without it the view joins nothing. */
  private static final String STANDS =
      """
      WITH stands AS MATERIALIZED (
        SELECT FROM %1$s.relay_state
         WHERE mode = 'embedded' AND witness_lsn IS NOT NULL
           AND EXISTS (SELECT FROM pg_replication_slots
                        WHERE slot_name = ? AND confirmed_flush_lsn IS NOT NULL AND wal_status <> 'lost')
      ), noted AS (
        INSERT INTO %1$s.outbox_in_wal
        SELECT FROM stands WHERE NOT EXISTS (SELECT FROM %1$s.outbox_in_wal)
      )
      """;

  private static final String SERVERS_BYTES =
      """
      '\\x%02x'::bytea || int8send(pg_current_xact_id()::text::bigint)
                   || int8send((extract(epoch FROM clock_timestamp()) * 1000000)::bigint)\
      """
          .formatted(LogicalMessage.FORMAT);

  private final String schema;
  private final String prefix;
  private final String emitOne;
  private final String emitMany;

  OutboxLog(String schema) {
    this.schema = schema;
    this.prefix = LogicalMessage.prefix(schema);
    String stands = STANDS.formatted(schema);
    this.emitOne =
        stands
            + """
            SELECT pg_logical_emit_message(true, ?, %s || ?) WHERE EXISTS (SELECT FROM stands)
            """
                .formatted(SERVERS_BYTES);
    // The calls are made in the order of n, twice over: the inner query is sorted and can't be
    // merged into the outer one (OFFSET), which calls once for each row as it comes; and a volatile
    // function in a select list is called after the sort in any case, since PostgreSQL 9.6.
    this.emitMany =
        stands
            + """
            SELECT pg_logical_emit_message(true, ?, %s || ordered.body)
              FROM (SELECT m.body FROM unnest(?::bytea[]) WITH ORDINALITY AS m (body, n) ORDER BY m.n OFFSET 0) AS ordered
             WHERE EXISTS (SELECT FROM stands)
            """
                .formatted(SERVERS_BYTES);
  }

  @Override
  public void write(Connection connection, List<OutboxMessage> messages) throws SQLException {
    messages.forEach(LogicalMessage::requireStorable);
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
    String slot = ReplicationSlotName.of(connection.getCatalog(), schema);
    if (bodies.size() == 1) {
      try (PreparedStatement statement = connection.prepareStatement(emitOne)) {
        statement.setString(1, slot);
        statement.setString(2, prefix);
        statement.setBytes(3, bodies.get(0));
        execute(statement, slot);
      }
      return;
    }
    Array array = connection.createArrayOf("bytea", bodies.toArray(byte[][]::new));
    try (PreparedStatement statement = connection.prepareStatement(emitMany)) {
      statement.setString(1, slot);
      statement.setString(2, prefix);
      statement.setArray(3, array);
      execute(statement, slot);
    } finally {
      array.free();
    }
  }

  private static void execute(PreparedStatement statement, String slot) throws SQLException {
    try (ResultSet places = statement.executeQuery()) {
      if (!places.next()) {
        throw new OutboxException(
            ("Messages were not written: with evenkeel.outbox.storage=wal they would be in no table,"
                    + " and the replication slot %s that should keep them is not in place; start a"
                    + " relay with evenkeel.relay.mode=cdc, whose health says what it lacks, and append"
                    + " again")
                .formatted(slot));
      }
    }
  }
}
