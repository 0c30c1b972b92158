package dev.evenkeel.relay.crash;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * What the application keeps: the state, a version per key; and the effects of its messages,
 * without any constraint that would hide a second one.
 */
final class BusinessTables {

  /** Reads that many rows at a time. */
  private static final int FETCH = 5_000;

  private final JdbcTemplate sql;

  BusinessTables(DataSource dataSource) {
    this.sql = new JdbcTemplate(dataSource);
  }

  /** An effect as it was committed. */
  record Effect(UUID messageId, String key, long version) {}

  void create() {
    sql.execute(
        """
        CREATE TABLE counter (kind text, key text, version bigint NOT NULL, PRIMARY KEY (kind, key));
        CREATE TABLE written (kind text, messages int NOT NULL);
        CREATE TABLE told (key text NOT NULL, version bigint NOT NULL);
        CREATE TABLE effect (message_id uuid NOT NULL, key text NOT NULL, version bigint NOT NULL)
        """);
  }

  /** Raises the version of a key, in the caller's transaction, which keeps the row locked. */
  long advance(String kind, String key, int by) {
    Long version =
        sql.queryForObject(
            """
            INSERT INTO counter AS c VALUES (?, ?, ?)
            ON CONFLICT (kind, key) DO UPDATE SET version = c.version + excluded.version
            RETURNING version
            """,
            Long.class,
            kind,
            key,
            by);
    return version == null ? 0 : version;
  }

  /** The business row of a transaction. */
  void written(String kind, int messages) {
    sql.update("INSERT INTO written VALUES (?, ?)", kind, messages);
  }

  void takeEffect(UUID messageId, Counted event) {
    sql.update("INSERT INTO effect VALUES (?, ?, ?)", messageId, event.key(), event.version());
  }

  /** What dual writers tell others, in a transaction of its own. */
  void tell(List<Counted> events) {
    sql.update(
        "INSERT INTO told SELECT * FROM unnest(?::text[], ?::bigint[])",
        events.stream().map(Counted::key).toArray(String[]::new),
        events.stream().map(Counted::version).toArray(Long[]::new));
  }

  /** Committed versions of the dual writers that nobody was told. */
  long neverTold() {
    return messagesCommitted(WritePath.DUAL_WRITE)
        - number("SELECT count(DISTINCT (key, version)) FROM told");
  }

  /** The committed version of each key. */
  Map<String, Long> committed(String kind) {
    Map<String, Long> versions = new HashMap<>();
    sql.query(
        "SELECT key, version FROM counter WHERE kind = ?",
        row -> {
          versions.put(row.getString(1), row.getLong(2));
        },
        kind);
    return versions;
  }

  long messagesCommitted(String kind) {
    return number("SELECT coalesce(sum(version), 0) FROM counter WHERE kind = ?", kind);
  }

  long transactionsOf(String kind, int messages) {
    return number("SELECT count(*) FROM written WHERE kind = ? AND messages = ?", kind, messages);
  }

  long versionsInEffect() {
    return number("SELECT count(DISTINCT (key, version)) FROM effect");
  }

  void effects(Consumer<Effect> each) {
    try (Connection c = sql.getDataSource().getConnection();
        Statement statement = c.createStatement()) {
      c.setAutoCommit(false);
      statement.setFetchSize(FETCH);
      try (ResultSet row = statement.executeQuery("SELECT message_id, key, version FROM effect")) {
        while (row.next()) {
          each.accept(new Effect(row.getObject(1, UUID.class), row.getString(2), row.getLong(3)));
        }
      }
      c.rollback();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private long number(String query, Object... arguments) {
    Long number = sql.queryForObject(query, Long.class, arguments);
    return number == null ? 0 : number;
  }
}
