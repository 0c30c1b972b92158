package dev.evenkeel.transport.kafka;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * What members of a group leave behind, in the database that all of them share: each attempt, also
 * of handlers that roll back, and each effect, in the order in which they came about. And how
 * handlers are told to fail.
 */
final class Journal {

  private final JdbcTemplate sql;

  Journal(DataSource dataSource) {
    this.sql = new JdbcTemplate(dataSource);
  }

  static HikariDataSource pool(DatabaseInfo database, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.jdbcUrl());
    config.setUsername(database.username());
    config.setPassword(database.password());
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(2_000);
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  /** Makes the tables. */
  static Journal create(DataSource database) {
    Journal journal = new Journal(database);
    journal.sql.execute(
        """
        CREATE UNLOGGED TABLE attempt (n bigserial, node text, key text, number int);
        CREATE TABLE effect (n bigserial, node text, key text, number int);
        CREATE TABLE poison (key text PRIMARY KEY);
        """);
    return journal;
  }

  /** To be called outside the handler's transaction, or on a connection of its own. */
  void attempt(String node, String key, int number) {
    sql.update("INSERT INTO attempt (node, key, number) VALUES (?, ?, ?)", node, key, number);
  }

  /** In the handler's transaction. */
  void effect(String node, String key, int number) {
    sql.update("INSERT INTO effect (node, key, number) VALUES (?, ?, ?)", node, key, number);
  }

  void poison(String key) {
    sql.update("INSERT INTO poison VALUES (?)", key);
  }

  void cure(String key) {
    sql.update("DELETE FROM poison WHERE key = ?", key);
  }

  boolean isPoison(String key) {
    return count("SELECT count(*) FROM poison WHERE key = ?", key) > 0;
  }

  long effects() {
    return count("SELECT count(*) FROM effect");
  }

  long distinctEffects() {
    return count("SELECT count(*) FROM (SELECT DISTINCT key, number FROM effect) AS e");
  }

  long effects(String key) {
    return count("SELECT count(*) FROM effect WHERE key = ?", key);
  }

  long attempts() {
    return count("SELECT count(*) FROM attempt");
  }

  /** By node. */
  long attemptsOf(String node) {
    return count("SELECT count(*) FROM attempt WHERE node = ?", node);
  }

  long attemptsAt(String key) {
    return count("SELECT count(*) FROM attempt WHERE key = ?", key);
  }

  long count(String query, Object... arguments) {
    Long count = sql.queryForObject(query, Long.class, arguments);
    return count == null ? 0 : count;
  }

  /** Numbers of each key in the order of their first attempts. */
  Map<String, List<Integer>> firstAttempts() {
    return byKey("SELECT key, number FROM attempt GROUP BY key, number ORDER BY min(n)");
  }

  /** Numbers of each key in the order of their effects. */
  Map<String, List<Integer>> effectsByKey() {
    return byKey("SELECT key, number FROM effect ORDER BY n");
  }

  private Map<String, List<Integer>> byKey(String query) {
    Map<String, List<Integer>> numbers = new LinkedHashMap<>();
    sql.query(
        query,
        row -> {
          numbers
              .computeIfAbsent(row.getString("key"), key -> new ArrayList<>())
              .add(row.getInt("number"));
        });
    return numbers;
  }
}
