package dev.evenkeel.outbox;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** A migrated database with a pool, for one test class. */
final class CoreDatabase implements AutoCloseable {

  static final String SCHEMA = "evenkeel";

  @OutboxEvent(type = "order-placed", aggregateType = "order", key = "orderId")
  record OrderPlaced(String orderId, int number) {}

  /** Jackson fails on its getter. */
  @OutboxEvent(type = "unwritable", aggregateType = "order", key = "orderId")
  record Unwritable(String orderId) {
    public String getText() {
      throw new UnsupportedOperationException("no text");
    }
  }

  static final EventTypes TYPES = EventTypes.of(List.of(OrderPlaced.class, Unwritable.class));
  static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.shared());

  private final DatabaseInfo info = TestDatabase.shared().createDatabase();
  private final HikariDataSource dataSource;

  CoreDatabase() {
    new SchemaMigration(SCHEMA).migrate(info.dataSource());
    HikariConfig config = new HikariConfig();
    config.setDataSource(info.dataSource());
    config.setMaximumPoolSize(20);
    config.setMinimumIdle(1);
    dataSource = new HikariDataSource(config);
    jdbc().execute("CREATE TABLE business (id text PRIMARY KEY, parent text)");
    jdbc()
        .execute(
            "ALTER TABLE business ADD FOREIGN KEY (parent) REFERENCES business DEFERRABLE INITIALLY DEFERRED");
  }

  HikariDataSource dataSource() {
    return dataSource;
  }

  JdbcTemplate jdbc() {
    return new JdbcTemplate(dataSource);
  }

  DataSourceTransactionManager transactionManager() {
    return new DataSourceTransactionManager(dataSource);
  }

  TransactionTemplate transactions() {
    return new TransactionTemplate(transactionManager());
  }

  TransactionalOutbox outbox() {
    return outbox(TransactionalOutbox.Context.none());
  }

  TransactionalOutbox outbox(TransactionalOutbox.Context context) {
    return new TransactionalOutbox(
        dataSource, new OutboxOptions(SCHEMA, 1_000), TYPES, CODEC, context);
  }

  /** Aggregate ids of what is in the outbox, by position. */
  List<String> outboxKeys() {
    return jdbc()
        .queryForList("SELECT aggregateid FROM evenkeel.outbox ORDER BY position", String.class);
  }

  int businessRows() {
    return count("SELECT count(*) FROM business");
  }

  int count(String sql, Object... arguments) {
    Integer count = jdbc().queryForObject(sql, Integer.class, arguments);
    return count == null ? 0 : count;
  }

  void insertBusiness(String id) {
    jdbc().update("INSERT INTO business (id) VALUES (?)", id);
  }

  void clear() {
    jdbc()
        .execute(
            "TRUNCATE business, evenkeel.outbox, evenkeel.inbox, evenkeel.claim_check, evenkeel.parked_key,"
                + " evenkeel.parked_message, evenkeel.parked_action, evenkeel.consumer");
    jdbc().update("UPDATE evenkeel.relay_state SET epoch = 0, registry_version = 0");
  }

  static OutboxMessage message(String key) {
    return OutboxMessage.of("order-placed", 1, "order", key, CODEC.encode(new OrderPlaced(key, 1)));
  }

  static OutboxMessage message(UUID id, String key) {
    OutboxMessage m = message(key);
    return new OutboxMessage(
        id, "order", key, m.type(), m.version(), m.payload(), m.headers(), m.createdAt());
  }

  @Override
  public void close() {
    dataSource.close();
    TestDatabase.shared().dropDatabase(info);
  }
}
