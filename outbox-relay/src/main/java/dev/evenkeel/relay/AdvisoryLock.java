package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * An advisory lock of this database by a name. It belongs to a session and ends with it.
 *
 * @param name unique among the uses of advisory locks; carries the schema
 */
record AdvisoryLock(String name) {

  /** The sessions that hold the lock; the one parameter is its name. */
  static final String HOLDERS =
      """
      SELECT l.pid
        FROM pg_locks l, (SELECT hashtextextended(?, 0) AS k) AS named
       WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND l.classid::bigint = (k >> 32) & 4294967295
         AND l.objid::bigint = k & 4294967295
      """;

  /** Takes it alone; false: another session holds it. */
  boolean tryTake(Connection session) throws SQLException {
    return ask(session, "SELECT pg_try_advisory_lock(hashtextextended(?, 0))");
  }

  /** Takes it beside others. */
  boolean tryShare(Connection session) throws SQLException {
    return ask(session, "SELECT pg_try_advisory_lock_shared(hashtextextended(?, 0))");
  }

  /** Ends the session's share. */
  void unshare(Connection session) throws SQLException {
    ask(session, "SELECT pg_advisory_unlock_shared(hashtextextended(?, 0))");
  }

  /** Whether another session holds it. Takes nothing, so nobody's attempt fails because of it. */
  boolean heldByAnother(Connection session) throws SQLException {
    return ask(
        session,
        "SELECT EXISTS (SELECT FROM (%s) AS holder WHERE pid <> pg_backend_pid())"
            .formatted(HOLDERS));
  }

  private boolean ask(Connection session, String sql) throws SQLException {
    try (PreparedStatement statement = session.prepareStatement(sql)) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }
}
