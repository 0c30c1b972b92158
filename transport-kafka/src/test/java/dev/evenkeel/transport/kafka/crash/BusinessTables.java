package dev.evenkeel.transport.kafka.crash;

import java.util.HashMap;
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

  private final JdbcTemplate sql;

  BusinessTables(DataSource dataSource) {
    this.sql = new JdbcTemplate(dataSource);
  }

  /** An effect as it was committed. */
  record Effect(UUID messageId, String key, long version) {}

  void create() {
    sql.execute(
        """
        CREATE TABLE counter (key text PRIMARY KEY, version bigint NOT NULL);
        CREATE TABLE effect (message_id uuid NOT NULL, key text NOT NULL, version bigint NOT NULL)
        """);
  }

  /** Raises the version of a key, in the caller's transaction, which keeps the row locked. */
  long advance(String key) {
    Long version =
        sql.queryForObject(
            """
            INSERT INTO counter AS c VALUES (?, 1)
            ON CONFLICT (key) DO UPDATE SET version = c.version + 1
            RETURNING version
            """,
            Long.class,
            key);
    return version == null ? 0 : version;
  }

  void takeEffect(UUID messageId, Counted event) {
    sql.update(
        "INSERT INTO effect (message_id, key, version) VALUES (?, ?, ?)",
        messageId,
        event.key(),
        event.version());
  }

  /** The committed version of each key. */
  Map<String, Long> committed() {
    Map<String, Long> versions = new HashMap<>();
    sql.query(
        "SELECT key, version FROM counter",
        row -> {
          versions.put(row.getString(1), row.getLong(2));
        });
    return versions;
  }

  boolean allInEffect() {
    return number("SELECT coalesce(sum(version), 0) FROM counter")
        <= number("SELECT count(DISTINCT (key, version)) FROM effect");
  }

  void effects(Consumer<Effect> each) {
    sql.query(
        "SELECT message_id, key, version FROM effect",
        row -> {
          each.accept(new Effect(row.getObject(1, UUID.class), row.getString(2), row.getLong(3)));
        });
  }

  long number(String query, Object... arguments) {
    Long number = sql.queryForObject(query, Long.class, arguments);
    return number == null ? 0 : number;
  }
}
