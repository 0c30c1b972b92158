package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A transaction that writes next to nothing and waits for the disk, and for a synchronous standby.
 * The WAL is flushed in order, so with its commit everything that committed before it is durable,
 * on condition that the server has not crashed in between.
 */
public final class DurableCommit {

  /** A relay does not decode it. */
  private static final String PREFIX = "evenkeel_commit";

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private static final String SQL =
      """
      SELECT set_config('synchronous_commit', 'on', true),
             pg_logical_emit_message(true, '%s', '')::text,
             s.pid || ' since ' || s.backend_start
        FROM pg_stat_get_activity(pg_backend_pid()) AS s
      """
          .formatted(PREFIX);

  private DurableCommit() {}

  /**
   * Makes the commit of the connection's transaction wait.
   *
   * @return the server's process behind the connection, which ends when the server crashes; behind
   *     a pooler it may be another one each time
   */
  public static String write(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SQL);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getString(3);
    }
  }

  /** Whether it failed because this role may not write logical messages. */
  public static boolean isForbidden(SQLException e) {
    return INSUFFICIENT_PRIVILEGE.equals(e.getSQLState());
  }
}
