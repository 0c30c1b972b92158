package dev.evenkeel.autoconfigure;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.relay.JanitorOptions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.InitializingBean;

/**
 * Migrates the installation's schema, or checks that it is there, before anything else uses the
 * database; then checks the properties that depend on what the database says.
 *
 * <p>{@link SchemaInitializerDetector} puts it before the application's own migrations and JPA.
 */
final class SchemaInitializer implements InitializingBean {

  private static final Set<String> TABLES =
      Set.of(
          "outbox",
          "outbox_bucket",
          "outbox_in_wal",
          "inbox",
          "relay_state",
          "relay_gap",
          "consumer",
          "parked_key",
          "parked_message",
          "parked_action",
          "inbox_partition",
          "claim_check",
          "shard",
          "shard_identity",
          "slot",
          "slot_map",
          "slot_strategy",
          "slot_assignment",
          "node",
          "snowflake_node",
          "saga_key",
          "saga_instance",
          "saga_wake",
          "saga_event",
          "saga_timer",
          "saga_node",
          "saga_step",
          "saga_call",
          "saga_lock",
          "saga_definition",
          "saga_action");

  private final SchemaMigration migration;
  private final @Nullable DataSource owner;
  private final DataSource dataSource;
  private final JanitorOptions options;

  /**
   * Makes the initializer.
   *
   * @param owner what migrates; null when somebody else does
   * @param dataSource what the application uses
   */
  SchemaInitializer(
      SchemaMigration migration,
      @Nullable DataSource owner,
      DataSource dataSource,
      JanitorOptions options) {
    this.migration = migration;
    this.owner = owner;
    this.dataSource = dataSource;
    this.options = options;
  }

  @Override
  public void afterPropertiesSet() {
    if (owner != null) {
      migration.migrate(owner);
    }
    try (Connection connection = dataSource.getConnection()) {
      requireTables(connection);
      requireRings(rings(connection));
    } catch (SQLException e) {
      throw new IllegalStateException(
          "Schema \"%s\" could not be checked: %s".formatted(migration.schema(), e.getMessage()),
          e);
    }
  }

  private void requireTables(Connection connection) throws SQLException {
    Set<String> missing = new TreeSet<>(TABLES);
    missing.removeAll(tables(connection));
    if (!missing.isEmpty()) {
      throw new EvenkeelConfigurationException(
          ("Schema \"%s\" lacks %s and evenkeel.migration.enabled is %s: have its owner migrate it"
                  + " before the application starts, or set evenkeel.migration.enabled=true")
              .formatted(migration.schema(), missing, owner != null));
    }
  }

  /** From the catalogue, because it may be read without any privilege on the schema. */
  private List<String> tables(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            SELECT c.relname
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = ? AND c.relkind IN ('r', 'p')
            """)) {
      statement.setString(1, migration.schema());
      try (ResultSet rows = statement.executeQuery()) {
        List<String> tables = new ArrayList<>();
        while (rows.next()) {
          tables.add(rows.getString(1));
        }
        return tables;
      }
    }
  }

  private record Ring(int buckets, Duration width) {
    Duration span() {
      return width.multipliedBy(buckets);
    }

    /** The bucket being written is never a whole one. */
    Duration remembered() {
      return width.multipliedBy(buckets - 1L);
    }
  }

  private record Rings(Ring outbox, Ring inbox) {}

  private Rings rings(Connection connection) throws SQLException {
    String sql =
        """
        SELECT %1$s.outbox_ring_buckets(), %1$s.outbox_ring_width_seconds(),
               %1$s.inbox_ring_buckets(), %1$s.inbox_ring_width_seconds()
        """
            .formatted(migration.schema());
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return new Rings(
          new Ring(row.getInt(1), Duration.ofSeconds(row.getLong(2))),
          new Ring(row.getInt(3), Duration.ofSeconds(row.getLong(4))));
    }
  }

  private void requireRings(Rings rings) {
    Duration window = options.inboxWindow();
    if (rings.inbox().remembered().compareTo(window) <= 0) {
      throw new EvenkeelConfigurationException(
          ("evenkeel.inbox.window must be shorter than what the inbox ring of schema \"%s\""
                  + " remembers, %s, or a bucket would be used again inside the window; it was %s:"
                  + " shorten the window")
              .formatted(migration.schema(), rings.inbox().remembered(), window));
    }
    if (rings.outbox().remembered().compareTo(options.outboxRetention()) <= 0) {
      throw new EvenkeelConfigurationException(
          ("evenkeel.outbox.retention must be shorter than what the outbox ring of schema \"%s\""
                  + " holds before it comes round, %s, or no bucket could ever be emptied; it was %s:"
                  + " shorten the retention")
              .formatted(
                  migration.schema(), rings.outbox().remembered(), options.outboxRetention()));
    }
    // A message can come back as long as it lies in the outbox's ring, and the whole ring may be
    // full when the janitor has been unable to truncate.
    Duration comeback = options.outboxRetention().plus(rings.outbox().span());
    if (window.compareTo(comeback) <= 0) {
      throw new EvenkeelConfigurationException(
          ("evenkeel.inbox.window must be longer than evenkeel.outbox.retention plus the span of the"
                  + " outbox ring, %s + %s = %s, or a message could come back after it was"
                  + " forgotten; it was %s: lengthen the window or shorten the retention")
              .formatted(options.outboxRetention(), rings.outbox().span(), comeback, window));
    }
  }
}
