package dev.evenkeel.testing;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A fresh PostgreSQL database with the framework's schema, for one test class; closing it drops it.
 *
 * <pre>{@code
 * try (EvenkeelDatabase database = EvenkeelDatabase.create()) {
 *   Outbox outbox = database.outbox(types, codec);
 *   ManualRelay relay = database.relay(handlers);
 *   database.transactions().executeWithoutResult(tx -> outbox.append(new OrderPlaced(...)));
 *   relay.deliverAll();
 * }
 * }</pre>
 *
 * <p>Where the server comes from, {@link TestDatabase} says. Thread-safe.
 */
public final class EvenkeelDatabase implements AutoCloseable {

  /** The schema that {@link #create()} makes, the framework's default. */
  public static final String DEFAULT_SCHEMA = "evenkeel";

  private final DatabaseInfo info;
  private final String schema;
  private final DataSource dataSource;
  private final DataSourceTransactionManager transactionManager;

  private EvenkeelDatabase(DatabaseInfo info, String schema) {
    this.info = info;
    this.schema = schema;
    this.dataSource = info.dataSource();
    this.transactionManager = new DataSourceTransactionManager(dataSource);
  }

  /** A database with the schema {@value #DEFAULT_SCHEMA}. */
  public static EvenkeelDatabase create() {
    return create(DEFAULT_SCHEMA);
  }

  /**
   * A database with a schema of another name.
   *
   * @throws IllegalArgumentException if the framework accepts no such name
   */
  public static EvenkeelDatabase create(String schema) {
    SchemaMigration migration = new SchemaMigration(schema);
    EvenkeelDatabase database =
        new EvenkeelDatabase(TestDatabase.shared().createDatabase(), schema);
    migration.migrate(database.dataSource);
    return database;
  }

  /** The installation's schema. */
  public String schema() {
    return schema;
  }

  /**
   * URL and credentials, for what connects by itself, such as the relay or an application context.
   */
  public DatabaseInfo info() {
    return info;
  }

  /** Without a pool: each connection is a session of its own. */
  public DataSource dataSource() {
    return dataSource;
  }

  /** Runs transactions on {@link #dataSource()}. */
  public PlatformTransactionManager transactionManager() {
    return transactionManager;
  }

  /** A new template for transactions on {@link #dataSource()}. */
  public TransactionTemplate transactions() {
    return new TransactionTemplate(transactionManager);
  }

  /** An outbox on this database, with the framework's default limits. */
  public Outbox outbox(EventTypes types, PayloadCodec codec) {
    return new TransactionalOutbox(
        dataSource,
        new OutboxOptions(schema, OutboxOptions.defaults().maxPayloadBytes()),
        types,
        codec,
        TransactionalOutbox.Context.none());
  }

  /** What was written to the outbox. */
  public OutboxRows outboxRows() {
    return new OutboxRows(dataSource, schema);
  }

  /** A relay that delivers to these handlers, whose effects happen in this database. */
  public ManualRelay relay(InboxHandlers handlers) {
    return new ManualRelay(outboxRows(), handlers, receiver());
  }

  /** An inbox on this database, with the framework's default window and timeout. */
  public InboxReceiver receiver() {
    InboxOptions defaults = InboxOptions.defaults();
    TransactionTarget target = new TransactionTarget(info.name(), dataSource, transactionManager);
    return new InboxReceiver(
        new InboxOptions(schema, defaults.window(), defaults.handlerTimeout()),
        dataSource,
        (consumer, message, shardKey) -> target,
        MessageObserver.NONE,
        TimeSource.SYSTEM);
  }

  /** Ends all sessions and drops the database. */
  @Override
  public void close() {
    TestDatabase.shared().dropDatabase(info);
  }
}
