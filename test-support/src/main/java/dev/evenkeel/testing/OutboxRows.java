package dev.evenkeel.testing;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.OutboxMessage;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;

/** Reads the outbox table, for assertions on what a transaction left. Thread-safe. */
public final class OutboxRows {

  private final JdbcTemplate jdbc;
  private final String all;

  /**
   * Makes a reader.
   *
   * @param schema the installation's schema
   */
  public OutboxRows(DataSource dataSource, String schema) {
    this.jdbc = new JdbcTemplate(dataSource);
    this.all =
        """
        SELECT position, xid, bucket, slot, id, aggregatetype, aggregateid, type, version, payload, headers, created_at
          FROM %s.outbox ORDER BY position
        """
            .formatted(SchemaMigration.requireSchemaName(schema));
  }

  /**
   * Every committed row by position, and the calling transaction's own once it has written them.
   */
  public List<OutboxRow> all() {
    return jdbc.query(all, (row, n) -> row(row));
  }

  /** The messages of all rows, by position. */
  public List<OutboxMessage> messages() {
    return all().stream().map(OutboxRow::message).toList();
  }

  /** The messages of one logical type, by position. */
  public List<OutboxMessage> messagesOf(String type) {
    return messages().stream().filter(message -> message.type().equals(type)).toList();
  }

  private static OutboxRow row(ResultSet row) throws SQLException {
    return new OutboxRow(
        row.getLong("position"),
        row.getLong("xid"),
        row.getInt("bucket"),
        row.getInt("slot"),
        new OutboxMessage(
            row.getObject("id", UUID.class),
            row.getString("aggregatetype"),
            row.getString("aggregateid"),
            row.getString("type"),
            row.getInt("version"),
            row.getBytes("payload"),
            HeadersJson.stored(row.getString("headers")),
            row.getObject("created_at", OffsetDateTime.class).toInstant()));
  }
}
