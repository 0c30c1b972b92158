package dev.evenkeel.saga;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Statements on {@code saga_node}: leases by this home shard's clock, compared nowhere else. */
final class SagaNodeTable {

  private final String schema;

  SagaNodeTable(String schema) {
    this.schema = schema;
  }

  /**
   * Joins or renews.
   *
   * @param backends ids of the sessions that this process's steps use on this server
   * @return the shard's clock
   */
  Instant renew(Connection c, String name, Duration lease, Collection<Integer> backends)
      throws SQLException {
    String sql =
        """
        INSERT INTO %s.saga_node (name, lease_until, backends)
        VALUES (?, clock_timestamp() + ?::interval, ?)
        ON CONFLICT (name) DO UPDATE SET lease_until = excluded.lease_until, backends = excluded.backends
        RETURNING clock_timestamp()
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, name);
      statement.setString(2, TimedSql.interval(lease));
      statement.setArray(3, c.createArrayOf("integer", backends.toArray()));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getObject(1, OffsetDateTime.class).toInstant();
      }
    }
  }

  /** Nodes whose lease is over. */
  List<String> dead(Connection c) throws SQLException {
    String sql =
        "SELECT name FROM %s.saga_node WHERE lease_until < clock_timestamp() ORDER BY name"
            .formatted(schema);
    return names(c, sql);
  }

  /** Whether another node's lease is not over. */
  boolean othersLive(Connection c, String name) throws SQLException {
    String sql =
        "SELECT EXISTS (SELECT FROM %s.saga_node WHERE name <> ? AND lease_until >= clock_timestamp())"
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /** Owners that have no row: their process was away for so long that it was forgotten. */
  List<String> strangers(Connection c) throws SQLException {
    String sql =
        """
        SELECT DISTINCT w.owner
          FROM %1$s.saga_wake w
         WHERE w.owner IS NOT NULL AND NOT EXISTS (SELECT FROM %1$s.saga_node n WHERE n.name = w.owner)
        """
            .formatted(schema);
    return names(c, sql);
  }

  private static List<String> names(Connection c, String sql) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      List<String> names = new ArrayList<>();
      while (rows.next()) {
        names.add(rows.getString(1));
      }
      return names;
    }
  }

  /**
   * Ends the sessions that dead nodes named at their last renewal, so that a process which stands
   * still in the middle of a step holds no row. A session that began later has another owner, as
   * ids are given again; and a transaction that began later is of a process that lives after all.
   */
  int endSessions(Connection c, Duration lease) throws SQLException {
    String sql =
        """
        SELECT count(pg_terminate_backend(a.pid))
          FROM %s.saga_node n
          JOIN pg_stat_activity a
            ON a.pid = ANY (n.backends) AND a.backend_start < n.lease_until - ?::interval
           AND a.usename = current_user AND a.datname = current_database() AND a.xact_start < n.lease_until
           AND a.pid <> pg_backend_pid()
         WHERE n.lease_until < clock_timestamp()
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, TimedSql.interval(lease));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  /** Forgets nodes that own nothing and have been silent for long. */
  void forget(Connection c, Duration silence) throws SQLException {
    String sql =
        """
        DELETE FROM %1$s.saga_node n
         WHERE n.lease_until < clock_timestamp() - ?::interval
           AND NOT EXISTS (SELECT FROM %1$s.saga_wake w WHERE w.owner = n.name)
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, TimedSql.interval(silence));
      statement.executeUpdate();
    }
  }

  /**
   * Leaves, after everything was given up. The row stays for a while, its lease over: a start whose
   * transaction commits later still names this node, and is taken over from it.
   */
  void leave(Connection c, String name) throws SQLException {
    String sql =
        "UPDATE %s.saga_node SET lease_until = clock_timestamp(), backends = '{}' WHERE name = ?"
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, name);
      statement.executeUpdate();
    }
  }
}
