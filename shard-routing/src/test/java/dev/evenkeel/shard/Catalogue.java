package dev.evenkeel.shard;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import org.springframework.jdbc.core.JdbcTemplate;

/** A migrated database, as a catalogue or a shard. */
final class Catalogue implements AutoCloseable {

  static final String SCHEMA = "evenkeel";

  private final DatabaseInfo info = TestDatabase.shared().createDatabase();
  private final HikariDataSource pool = pool(info);

  Catalogue() {
    new SchemaMigration(SCHEMA).migrate(pool);
  }

  static HikariDataSource pool(DatabaseInfo info) {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(info.jdbcUrl());
    pool.setUsername(info.username());
    pool.setPassword(info.password());
    pool.setMaximumPoolSize(4);
    pool.setMinimumIdle(0);
    return pool;
  }

  DatabaseInfo info() {
    return info;
  }

  HikariDataSource dataSource() {
    return pool;
  }

  JdbcTemplate jdbc() {
    return new JdbcTemplate(pool);
  }

  SlotCatalogue slots() {
    return new SlotCatalogue(pool, SCHEMA);
  }

  /** What a move of a slot does to the map in the end. */
  void settle(int slot, String shard) {
    jdbc()
        .execute(
            """
            WITH map AS (UPDATE evenkeel.slot_map SET version = version + 1 RETURNING version)
            UPDATE evenkeel.slot SET shard = '%s', epoch = epoch + 1, version = map.version FROM map
             WHERE slot = %d
            """
                .formatted(shard, slot));
  }

  @Override
  public void close() {
    pool.close();
    TestDatabase.shared().dropDatabase(info);
  }
}
