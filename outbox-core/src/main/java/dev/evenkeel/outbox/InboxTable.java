package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Statements on {@code inbox}, and the look at the parked tables that goes with them. */
final class InboxTable {

  /** What must hold for a row to be inserted. */
  enum Condition {
    /** Nothing. */
    NONE,
    /** A live delivery: neither the key nor the message is parked. */
    NOT_PARKED,
    /** A release: the message waits to be released, still, and nobody has edited it since. */
    WAITING
  }

  /** The session of a handler's transaction, and when the transaction started. */
  record Session(int backendPid, String startedAt) {}

  private static final String SETTINGS =
      """
      WITH settings AS MATERIALIZED (
          SELECT set_config('synchronous_commit', ?, true),
                 set_config('lock_timeout', ?, true),
                 set_config('statement_timeout', ?, true),
                 set_config('idle_in_transaction_session_timeout', ?, true),
                 set_config('application_name', ?, true))
      """;

  private static final String SETTINGS_ONLY =
      SETTINGS + "SELECT pg_backend_pid(), now()::text FROM settings";

  private static final String SETTINGS_AND_INSERT =
      SETTINGS
          + """
      INSERT INTO %1$s.inbox (bucket, message_id, consumer, slot)
      SELECT ?, ?, ?, ? FROM settings
      """;

  /**
   * Shared, so that nobody discards, edits or buries it until its release has committed. QUEUED as
   * well: a releaser goes from one message of a key to the next before it ends them together. It
   * gets to a message only when the one before has been handled, so a releaser that was fenced out
   * keeps the order, too; and it stops at what died, was discarded or edited meanwhile.
   */
  private static final String WAITING =
      """
        CROSS JOIN (SELECT FROM %1$s.parked_message
                     WHERE consumer = ? AND message_id = ? AND state IN ('RETRYING', 'QUEUED') AND revision = ?
                       FOR SHARE) AS head
      """;

  private static final String CONFLICT =
      "ON CONFLICT DO NOTHING RETURNING pg_backend_pid(), now()::text";

  private static final String NOT_PARKED =
      """
       WHERE NOT EXISTS (SELECT FROM %1$s.parked_key
                          WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ?)
         AND NOT EXISTS (SELECT FROM %1$s.parked_message WHERE consumer = ? AND message_id = ?)
      """;

  private final String insert;
  private final String insertUnlessParked;
  private final String insertIfWaiting;
  private final String exists;
  private final String parked;
  private final String ring;
  private final String timeoutMillis;
  private final String idleMillis;

  InboxTable(String schema, Duration handlerTimeout) {
    insert = (SETTINGS_AND_INSERT + CONFLICT).formatted(schema);
    insertUnlessParked = (SETTINGS_AND_INSERT + NOT_PARKED + CONFLICT).formatted(schema);
    insertIfWaiting = (SETTINGS_AND_INSERT + WAITING + CONFLICT).formatted(schema);
    exists =
        "SELECT FROM %s.inbox WHERE message_id = ? AND consumer = ? AND bucket = ?"
            .formatted(schema);
    parked =
        """
        SELECT m.state, m.revision,
               EXISTS (SELECT FROM %1$s.parked_key
                        WHERE consumer = ? AND aggregatetype = ? AND aggregateid = ?)
          FROM (VALUES (1)) AS one
          LEFT JOIN %1$s.parked_message AS m ON m.consumer = ? AND m.message_id = ?
        """
            .formatted(schema);
    ring = "SELECT %1$s.inbox_ring_buckets(), %1$s.inbox_ring_width_seconds()".formatted(schema);
    timeoutMillis = Long.toString(handlerTimeout.toMillis());
    idleMillis = Long.toString(handlerTimeout.plusSeconds(1).toMillis());
  }

  InboxBucket ring(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(ring);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return new InboxBucket(row.getInt(1), row.getLong(2));
    }
  }

  /**
   * Inserts the row, and with it makes the transaction bounded and recognisable.
   *
   * @param durable whether its commit waits for the disk
   * @param slot of the effects; null where the application is not sharded
   * @param condition what the parked tables must say; only where they are in the same database
   * @param revision for {@link Condition#WAITING}: of the message as it was read
   * @return empty when no row was inserted
   */
  Optional<Session> insert(
      Connection connection,
      int bucket,
      OutboxMessage message,
      String consumer,
      @Nullable Integer slot,
      String applicationName,
      Condition condition,
      int revision,
      boolean durable)
      throws SQLException {
    String sql =
        switch (condition) {
          case NONE -> insert;
          case NOT_PARKED -> insertUnlessParked;
          case WAITING -> insertIfWaiting;
        };
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      settings(statement, applicationName, durable);
      statement.setInt(6, bucket);
      statement.setObject(7, message.id());
      statement.setString(8, consumer);
      statement.setObject(9, slot, Types.SMALLINT);
      if (condition == Condition.WAITING) {
        statement.setString(10, consumer);
        statement.setObject(11, message.id());
        statement.setInt(12, revision);
      } else if (condition == Condition.NOT_PARKED) {
        statement.setString(10, consumer);
        statement.setString(11, message.aggregateType());
        statement.setString(12, message.aggregateId());
        statement.setString(13, consumer);
        statement.setObject(14, message.id());
      }
      try (ResultSet row = statement.executeQuery()) {
        return row.next()
            ? Optional.of(new Session(row.getInt(1), row.getString(2)))
            : Optional.empty();
      }
    }
  }

  /** As {@link #insert} with a durable commit, without a row. */
  Session begin(Connection connection, String applicationName) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SETTINGS_ONLY)) {
      settings(statement, applicationName, true);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new Session(row.getInt(1), row.getString(2));
      }
    }
  }

  private void settings(PreparedStatement statement, String applicationName, boolean durable)
      throws SQLException {
    statement.setString(1, durable ? "on" : "off");
    statement.setString(2, timeoutMillis);
    statement.setString(3, timeoutMillis);
    statement.setString(4, idleMillis);
    statement.setString(5, applicationName);
  }

  boolean exists(Connection connection, int bucket, OutboxMessage message, String consumer)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(exists)) {
      statement.setObject(1, message.id());
      statement.setString(2, consumer);
      statement.setInt(3, bucket);
      try (ResultSet row = statement.executeQuery()) {
        return row.next();
      }
    }
  }

  /**
   * What the parked tables say of a message.
   *
   * @param state of the message itself, null when it was never parked
   * @param revision of the message itself, 0 when it was never parked
   * @param key whether its key is parked
   */
  record Parked(@Nullable String state, int revision, boolean key) {

    boolean message() {
      return state != null;
    }

    /** As {@link Condition#WAITING}. */
    boolean waiting(int expected) {
      return revision == expected
          && (ParkedState.RETRYING.name().equals(state) || ParkedState.QUEUED.name().equals(state));
    }
  }

  Parked parked(Connection connection, OutboxMessage message, String consumer) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(parked)) {
      statement.setString(1, consumer);
      statement.setString(2, message.aggregateType());
      statement.setString(3, message.aggregateId());
      statement.setString(4, consumer);
      statement.setObject(5, message.id());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new Parked(row.getString(1), row.getInt(2), row.getBoolean(3));
      }
    }
  }
}
