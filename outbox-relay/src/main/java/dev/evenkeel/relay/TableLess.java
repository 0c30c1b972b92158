package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** What messages that are in the WAL alone mean for relays. */
final class TableLess {

  private TableLess() {}

  /**
   * Says of a gap that messages are lost with it, where such messages were ever written: no table
   * has them, so nothing can send them again.
   *
   * @param c a session that sees what had committed when the gap was found
   */
  static String withLoss(String gap, Connection c, String schema) throws SQLException {
    String since = since(c, schema);
    return since == null
        ? gap
        : "%s; messages of evenkeel.outbox.storage=wal that committed after %s and were not sent are lost with it, because no table has them"
            .formatted(gap, since);
  }

  /** Whether any such message may be there. */
  static boolean used(Connection c, String schema) throws SQLException {
    return since(c, schema) != null;
  }

  /**
   * What keeps a relay that reads no WAL from working; null when nothing does. It would not find
   * such messages, and the replication slot that has them would be dropped.
   */
  static @Nullable RelayFinding finding(Connection c, String schema) throws SQLException {
    return !used(c, schema)
        ? null
        : RelayFinding.broken(
            "messages were written with evenkeel.outbox.storage=wal, which only a relay with evenkeel.relay.mode=cdc can send",
            ("use that mode, or set the storage to table in every process, let such a relay send what is left,"
                    + " and then DELETE FROM %s.outbox_in_wal")
                .formatted(schema));
  }

  /**
   * From when on such messages may be missing: whatever committed before the newest published
   * heartbeat was sent. Null: none was ever written.
   */
  private static @Nullable String since(Connection c, String schema) throws SQLException {
    String sql =
        """
        SELECT to_char(greatest(min(w.since), (SELECT published_at FROM %1$s.relay_state)) AT TIME ZONE 'UTC',
                       'YYYY-MM-DD"T"HH24:MI:SS"Z"')
          FROM %1$s.outbox_in_wal w
        HAVING count(*) > 0
        """
            .formatted(schema);
    try (Statement statement = c.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? row.getString(1) : null;
    }
  }
}
