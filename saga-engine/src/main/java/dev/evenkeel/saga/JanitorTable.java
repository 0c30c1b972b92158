package dev.evenkeel.saga;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Statements that find and delete what is over, across the tables of a home shard. */
final class JanitorTable {

  /**
   * A piece of the walk.
   *
   * @param ended instances to delete, children only when their parents are gone
   * @param last where to go on; null at the end
   */
  record Page(List<Ended> ended, @Nullable UUID last) {}

  /** One of them. */
  record Ended(UUID id, @Nullable UUID parent) {}

  /** A key that is gone. */
  record Expired(String saga, String key, boolean wasStarted) {}

  private final TimedSql ended;
  private final TimedSql tombstones;
  private final TimedSql expired;
  private final String schema;

  JanitorTable(String schema) {
    this.schema = schema;
    this.ended =
        new TimedSql(
            schema,
            """
            SELECT id, coalesce(ended_at < @now - ?::interval, false), created_at >= @now - ?::interval, parent_id
              FROM @schema.saga_instance
             WHERE ?::uuid IS NULL OR id > ?::uuid
             ORDER BY id
             LIMIT ?
            """);
    this.tombstones =
        new TimedSql(
            schema,
            """
            UPDATE @schema.saga_key k SET expires_at = @now + ?::interval
              FROM @schema.saga_instance i
             WHERE i.id = ANY (?) AND k.slot = i.slot AND k.saga = i.saga AND k.key = i.key AND k.saga_id = i.id
            """);
    // The time comes from a subquery: an index is not searched by a function that is volatile.
    this.expired =
        new TimedSql(
            schema,
            """
            WITH gone AS (
              DELETE FROM @schema.saga_key
               WHERE (slot, saga, key) IN (SELECT slot, saga, key FROM @schema.saga_key WHERE expires_at < (SELECT @now)
                                            ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED)
              RETURNING saga, key, saga_id, started_by IS NOT NULL AS was_started
            ), signals AS (
              DELETE FROM @schema.saga_event e USING gone WHERE e.saga_id = gone.saga_id AND NOT gone.was_started
            )
            SELECT saga, key, was_started FROM gone
            """);
  }

  Page ended(Connection c, @Nullable UUID after, Duration retention, Duration ahead, int limit)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(ended.ahead(ahead))) {
      statement.setString(1, TimedSql.interval(retention));
      statement.setString(2, TimedSql.interval(retention));
      statement.setObject(3, after, java.sql.Types.OTHER);
      statement.setObject(4, after, java.sql.Types.OTHER);
      statement.setInt(5, limit);
      try (ResultSet rows = statement.executeQuery()) {
        List<Ended> found = new ArrayList<>();
        UUID last = null;
        int count = 0;
        while (rows.next()) {
          count++;
          last = rows.getObject(1, UUID.class);
          if (rows.getBoolean(2)) {
            found.add(new Ended(last, rows.getObject(4, UUID.class)));
          }
          if (rows.getBoolean(3)) { // whatever comes now is too young to have ended long ago
            return new Page(found, null);
          }
        }
        return new Page(found, count < limit ? null : last);
      }
    }
  }

  /** Deletes instances, and what hangs on them; their keys stay for a while. */
  void delete(Connection c, Collection<UUID> ids, Duration keyRetention, Duration ahead)
      throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(tombstones.ahead(ahead))) {
      statement.setString(1, TimedSql.interval(keyRetention));
      statement.setArray(2, c.createArrayOf("uuid", ids.toArray()));
      statement.executeUpdate();
    }
    for (String table :
        new String[] {"saga_event", "saga_timer", "saga_wake", "saga_call", "saga_action"}) {
      delete(c, table, "saga_id", ids);
    }
    delete(c, "saga_instance", "id", ids);
  }

  private void delete(Connection c, String table, String column, Collection<UUID> ids)
      throws SQLException {
    String sql = "DELETE FROM %s.%s WHERE %s = ANY (?)".formatted(schema, table, column);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setArray(1, c.createArrayOf("uuid", ids.toArray()));
      statement.executeUpdate();
    }
  }

  /** Deletes keys whose time is over, with the signals that waited under them. */
  List<Expired> expireKeys(Connection c, Duration ahead, int limit) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(expired.ahead(ahead))) {
      statement.setInt(1, limit);
      try (ResultSet rows = statement.executeQuery()) {
        List<Expired> keys = new ArrayList<>();
        while (rows.next()) {
          keys.add(new Expired(rows.getString(1), rows.getString(2), rows.getBoolean(3)));
        }
        return keys;
      }
    }
  }
}
