package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.InboxCommit;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayOptions;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/** The framework, wired as an application without Spring Boot would do it. */
final class EvenkeelPipeline implements Pipeline {

  private static final Duration LONGEST_START = Duration.ofSeconds(60);

  private static final String PUBLISHED =
      """
      SELECT NOT reconciling AND published IS NOT NULL AND (witness_lsn IS NOT NULL OR %s)
        FROM %s.relay_state
      """;

  /** Writers, lanes and what the relay and the registry need beside them. */
  private static final int CONNECTIONS = 40;

  /**
   * What varies where growth is measured.
   *
   * @param connections for writers, lanes and the relay
   * @param remark the event's text, most of its payload
   * @param consumers how many handle each event, 1 to {@link EightConsumers#MOST}
   */
  record Shape(int connections, String remark, int consumers) {

    /** As everywhere else. */
    static final Shape USUAL = new Shape(CONNECTIONS, OrderPlaced.REMARK, 1);
  }

  /** What takes the messages from the relay. */
  enum Consumer {
    /** Acknowledges at once, at least once, without an inbox. */
    NO_OP,
    /** A handler that does nothing, in one transaction with its inbox row. */
    INBOX,
    /** The same, whose commits wait for the disk in groups. */
    INBOX_GROUPED;

    boolean hasInbox() {
      return this != NO_OP;
    }

    InboxCommit commit() {
      return this == INBOX_GROUPED ? InboxCommit.GROUPED : InboxCommit.DURABLE;
    }
  }

  private final BenchDatabase database;
  private final Consumer consumer;
  private final OutboxStorage storage;
  private final Shape shape;
  private final HikariDataSource dataSource;
  private final DataSourceTransactionManager transactions;
  private final RelayWiring wiring;
  private List<String> migrations = List.of();
  private @Nullable Relay relay;

  /** With all defaults. */
  EvenkeelPipeline(BenchDatabase database, Consumer consumer) {
    this(database, consumer, OutboxStorage.TABLE);
  }

  /** With messages in a table or in the WAL alone. */
  EvenkeelPipeline(BenchDatabase database, Consumer consumer, OutboxStorage storage) {
    this(database, consumer, RelayOptions.defaults(RelayWiring.SCHEMA, "bench"), storage);
  }

  /** With other options for the relay. */
  EvenkeelPipeline(BenchDatabase database, Consumer consumer, RelayOptions options) {
    this(database, consumer, options, OutboxStorage.TABLE);
  }

  /** Of another shape. */
  EvenkeelPipeline(BenchDatabase database, Consumer consumer, Shape shape) {
    this(
        database,
        consumer,
        RelayOptions.defaults(RelayWiring.SCHEMA, "bench"),
        OutboxStorage.TABLE,
        shape);
  }

  private EvenkeelPipeline(
      BenchDatabase database, Consumer consumer, RelayOptions options, OutboxStorage storage) {
    this(database, consumer, options, storage, Shape.USUAL);
  }

  private EvenkeelPipeline(
      BenchDatabase database,
      Consumer consumer,
      RelayOptions options,
      OutboxStorage storage,
      Shape shape) {
    this.database = database;
    this.consumer = consumer;
    this.storage = storage;
    this.shape = shape;
    this.dataSource = database.pool(shape.connections());
    this.transactions = new DataSourceTransactionManager(dataSource);
    this.wiring = new RelayWiring(database.info(), options, dataSource, List.of(OrderPlaced.class));
  }

  /** Has statements run right after the migrations. */
  EvenkeelPipeline withMigrations(List<String> statements) {
    migrations = statements;
    return this;
  }

  /**
   * The first start makes the replication slot and sends what is in the ring; when that is
   * complete, what is written later comes through the WAL alone, or through windows.
   */
  @Override
  public void prepare() throws Exception {
    database.execute(Tables.ORDERS);
    wiring.migrate();
    for (String statement : migrations) {
      database.execute(statement);
    }
    start(Progress.counting(1));
    awaitPublished(database, wiring);
    stop();
  }

  /** Waits until the first start of a relay has sent what was in the ring. */
  static void awaitPublished(BenchDatabase database, RelayWiring wiring) throws Exception {
    String published = PUBLISHED.formatted(wiring.polls(), RelayWiring.SCHEMA);
    Waiting.until(
        LONGEST_START,
        () -> "t".equals(database.text(published)),
        () -> "The relay has not published its start");
  }

  @Override
  public void start(Progress progress) throws Exception {
    Relay started = relay(progress);
    relay = started;
    RelayWiring.startAndStream(started);
  }

  private Relay relay(Progress progress) {
    if (shape.consumers() > 1) {
      EightConsumers consumers = new EightConsumers(progress, shape.consumers());
      return wiring.inProcess(consumers.handlers(), consumer.commit(), consumers);
    }
    return consumer.hasInbox()
        ? wiring.inProcess(
            List.of(new NoOpHandler(progress)), consumer.commit(), new HandledObserver(progress))
        : wiring.sendingTo(new NoOpTransport(progress::deliveredAndHandled));
  }

  @Override
  public Writer openWriter() {
    return new SpringWriter(
        new TransactionTemplate(transactions),
        new JdbcTemplate(dataSource),
        wiring.outbox(storage, wiring.polls() ? new WakingObserver(relay) : MessageObserver.NONE),
        shape.remark());
  }

  private void stop() {
    if (relay != null) {
      relay.stop();
      relay = null;
    }
  }

  @Override
  public void close() {
    stop();
    dataSource.close();
  }

  /** The handler of variant {@link Consumer#INBOX}. */
  private record NoOpHandler(Progress progress) {

    @InboxHandler(consumer = "bench")
    void on(OrderPlaced event) {
      progress.delivered(event.orderId());
    }
  }

  /** Handled is what is committed. */
  private record HandledObserver(Progress progress) implements MessageObserver {

    @Override
    public void handled(String consumerName, Duration sinceAppend) {
      progress.handled();
    }
  }

  /** As in an application: an append ends the pause of a relay that polls. */
  private record WakingObserver(@Nullable Relay relay) implements MessageObserver {

    @Override
    public void appended(int messages) {
      if (relay != null) {
        relay.wake();
      }
    }
  }

  private record SpringWriter(
      TransactionTemplate transaction, JdbcTemplate jdbc, Outbox outbox, String remark)
      implements Writer {

    @Override
    public void write(long order, Runnable beforeCommit) {
      transaction.executeWithoutResult(
          status -> {
            jdbc.update(
                Tables.INSERT_ORDER,
                order,
                OrderPlaced.customerOf(order),
                OrderPlaced.centsOf(order));
            outbox.append(OrderPlaced.of(order, remark));
            TransactionSynchronizationManager.registerSynchronization(
                new BeforeCommit(beforeCommit));
          });
    }

    @Override
    public void writeEvents(long firstOrder, int count) {
      transaction.executeWithoutResult(
          status -> {
            for (long order = firstOrder; order < firstOrder + count; order++) {
              outbox.append(OrderPlaced.of(order, remark));
            }
          });
    }

    @Override
    public void close() {}
  }

  /** Comes after every {@code beforeCommit}, the outbox's inserts included. */
  private record BeforeCommit(Runnable action) implements TransactionSynchronization {

    @Override
    public void beforeCompletion() {
      action.run();
    }
  }
}
