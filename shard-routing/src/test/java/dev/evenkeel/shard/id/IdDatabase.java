package dev.evenkeel.shard.id;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;

/** A database with the framework's schema, and with a clock that tests can set. */
final class IdDatabase {

  static final String SCHEMA = "evenkeel";
  private static final int NODES = 1_024;

  private final DatabaseInfo database;
  private final JdbcTemplate sql;

  private IdDatabase(DatabaseInfo database) {
    this.database = database;
    this.sql = new JdbcTemplate(database.dataSource());
  }

  static IdDatabase create() {
    return in(TestDatabase.shared().createDatabase());
  }

  static IdDatabase in(DatabaseInfo info) {
    IdDatabase database = new IdDatabase(info);
    new SchemaMigration(SCHEMA).migrate(info.dataSource());
    // Sessions find this clock_timestamp() before the server's, so production code needs no hook.
    database.sql.execute("CREATE SCHEMA skew");
    database.sql.execute("CREATE TABLE skew.clock (ahead interval NOT NULL)");
    database.sql.execute("INSERT INTO skew.clock VALUES ('0')");
    database.sql.execute(
        """
        CREATE FUNCTION skew.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
            AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM skew.clock'
        """);
    database.sql.execute(
        "ALTER DATABASE %s SET search_path = skew, pg_catalog, public".formatted(info.name()));
    return database;
  }

  /** Like {@link #create()}, with no more than some node ids to be had: 0, 1 and so on. */
  static IdDatabase withNodes(int free) {
    IdDatabase database = create();
    database.leaveFree(free);
    return database;
  }

  void leaveFree(int free) {
    sql.update(
        "UPDATE evenkeel.snowflake_node SET holder = 'others', lease_until = now() + interval '1 d' WHERE id BETWEEN ? AND ?",
        free,
        NODES - 1);
  }

  DatabaseInfo info() {
    return database;
  }

  DataSource dataSource() {
    return database.dataSource();
  }

  JdbcTemplate sql() {
    return sql;
  }

  /** Sets the database's clock, relative to the true time. */
  void clockAheadBy(Duration ahead) {
    sql.update("UPDATE skew.clock SET ahead = ? * interval '1 millisecond'", ahead.toMillis());
  }

  /** The stored ceiling of a node id. */
  long ceiling(int node) {
    return number("SELECT ceiling FROM evenkeel.snowflake_node WHERE id = " + node);
  }

  /** How often a node id was taken. */
  long epoch(int node) {
    return number("SELECT epoch FROM evenkeel.snowflake_node WHERE id = " + node);
  }

  /** How many node ids are leased. */
  long leased() {
    return number(
        "SELECT count(*) FROM evenkeel.snowflake_node WHERE lease_until >= skew.clock_timestamp()");
  }

  long number(String query) {
    return sql.queryForObject(query, Long.class);
  }

  SnowflakeIds ids(String node) {
    return ids(node, Duration.ofSeconds(30));
  }

  SnowflakeIds ids(String node, Duration lease) {
    return new SnowflakeIds(
        dataSource(), new SnowflakeOptions(SCHEMA, node, lease, Duration.ofMillis(300)));
  }
}
