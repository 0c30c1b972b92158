package dev.evenkeel.shard;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;

/** Statements on {@code node}. All instants are the catalogue's. */
final class NodeTable {

  private final String schema;

  NodeTable(String schema) {
    this.schema = schema;
  }

  /**
   * Joins, or renews: confirms that this node's new scopes are made from a version of the map. The
   * name of a process that ended without leaving is free once its lease is over.
   */
  void renew(
      Connection c, String name, String tag, boolean relays, Duration lease, long confirmedVersion)
      throws SQLException {
    String sql =
        """
        INSERT INTO %1$s.node AS n (name, tag, relays, lease_until, confirmed_version)
        VALUES (?, ?, ?, clock_timestamp() + ?::interval, ?)
        ON CONFLICT (name) DO UPDATE
           SET tag = excluded.tag, relays = excluded.relays, lease_until = excluded.lease_until,
               confirmed_version = excluded.confirmed_version,
               joined_at = CASE WHEN n.tag = excluded.tag THEN n.joined_at ELSE excluded.joined_at END
         WHERE n.tag = excluded.tag OR n.lease_until < clock_timestamp()
        """
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, name);
      statement.setString(2, tag);
      statement.setBoolean(3, relays);
      statement.setString(4, lease.toMillis() + " milliseconds");
      statement.setLong(5, confirmedVersion);
      if (statement.executeUpdate() == 0) {
        throw new IllegalStateException(
            "Another process calls itself \"%s\", or did and its lease has not ended; node names must be unique, so set evenkeel.relay.node"
                .formatted(name));
      }
    }
  }

  /** Names of the nodes within their lease that run relays. */
  Set<String> relaying(Connection c) throws SQLException {
    Set<String> names = new TreeSet<>();
    String sql =
        "SELECT name FROM %s.node WHERE relays AND lease_until > clock_timestamp()"
            .formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        names.add(rows.getString(1));
      }
    }
    return names;
  }

  void leave(Connection c, String tag) throws SQLException {
    String sql = "DELETE FROM %s.node WHERE tag = ?".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, tag);
      statement.executeUpdate();
    }
  }

  /** Forgets nodes that ended long ago without leaving. */
  void forgetDead(Connection c, Duration after) throws SQLException {
    String sql =
        "DELETE FROM %s.node WHERE lease_until < clock_timestamp() - ?::interval".formatted(schema);
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      statement.setString(1, after.toMillis() + " milliseconds");
      statement.executeUpdate();
    }
  }
}
