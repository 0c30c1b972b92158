package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.delivery.InProcessTransport;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.relay.RelayState;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/** The framework with its defaults, wired as an application without Spring Boot would do it. */
final class EvenkeelPipeline implements Pipeline {

  private static final String SCHEMA = "evenkeel";
  private static final Duration LONGEST_START = Duration.ofSeconds(60);

  private static final String PUBLISHED =
      """
      SELECT NOT reconciling AND witness_lsn IS NOT NULL AND published IS NOT NULL
        FROM %s.relay_state
      """
          .formatted(SCHEMA);

  /** Writers, lanes and what the relay and the registry need beside them. */
  private static final int CONNECTIONS = 40;

  /** What takes the messages from the relay. */
  enum Consumer {
    /** Acknowledges at once, at least once, without an inbox. */
    NO_OP,
    /** A handler that does nothing, in one transaction with its inbox row. */
    INBOX
  }

  private final BenchDatabase database;
  private final Consumer consumer;
  private final HikariDataSource dataSource;
  private final DataSourceTransactionManager transactions;
  private final PayloadCodec codec =
      new JsonPayloadCodec(tools.jackson.databind.json.JsonMapper.builder().build());
  private final EventTypes types = EventTypes.of(List.of(OrderPlaced.class));
  private @Nullable Relay relay;

  EvenkeelPipeline(BenchDatabase database, Consumer consumer) {
    this.database = database;
    this.consumer = consumer;
    this.dataSource = database.pool(CONNECTIONS);
    this.transactions = new DataSourceTransactionManager(dataSource);
  }

  /**
   * The first start makes the replication slot and sends what is in the ring; when that is
   * complete, what is written later comes through the WAL alone.
   */
  @Override
  public void prepare() throws Exception {
    database.execute(Tables.ORDERS);
    new SchemaMigration(SCHEMA).migrate(dataSource);
    start(Progress.counting(1));
    await(
        () -> "t".equals(database.text(PUBLISHED)), () -> "The relay has not published its start");
    stop();
  }

  @Override
  public void start(Progress progress) throws Exception {
    Relay started = consumer == Consumer.INBOX ? inboxRelay(progress) : noOpRelay(progress);
    relay = started;
    started.start();
    await(
        () -> started.status().state() == RelayState.STREAMING,
        () -> "The relay does not stream: " + started.status());
  }

  private static void await(Callable<Boolean> condition, Supplier<String> otherwise)
      throws Exception {
    long deadline = System.nanoTime() + LONGEST_START.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(otherwise.get());
      }
      Thread.sleep(5);
    }
  }

  private Relay noOpRelay(Progress progress) {
    return relay(
        new NoOpTransport(progress),
        InboxHandlers.builder(types, codec).build(),
        MessageObserver.NONE);
  }

  private Relay inboxRelay(Progress progress) {
    TransactionTarget target = new TransactionTarget("bench", dataSource, transactions);
    MessageObserver observer = new HandledObserver(progress);
    InboxHandlers handlers = handlers(new NoOpHandler(progress));
    return relay(
        new InProcessTransport(
            LaneOptions.defaults(),
            handlers,
            new InboxReceiver(
                InboxOptions.defaults(),
                dataSource,
                (consumerName, message, shardKey) -> target,
                observer,
                TimeSource.SYSTEM),
            new ParkedStore(dataSource, SCHEMA, observer, TimeSource.SYSTEM),
            observer),
        handlers,
        observer);
  }

  private Relay relay(Transport transport, InboxHandlers handlers, MessageObserver observer) {
    ConsumerRegistry registry = new ConsumerRegistry(dataSource, SCHEMA);
    registry.register(handlers.subscriptions());
    return new Relay(
        RelayOptions.defaults(SCHEMA, "bench"),
        new ConnectionSettings(
            database.info().jdbcUrl(), database.info().username(), database.info().password()),
        transport,
        registry,
        handlers.subscriptions(),
        observer);
  }

  private InboxHandlers handlers(NoOpHandler handler) {
    InboxHandlers.Builder builder = InboxHandlers.builder(types, codec);
    for (Method method : NoOpHandler.class.getDeclaredMethods()) {
      InboxHandler annotation = method.getAnnotation(InboxHandler.class);
      if (annotation != null) {
        builder.add(handler, method, annotation);
      }
    }
    return builder.build();
  }

  @Override
  public Writer openWriter() {
    Outbox outbox =
        new TransactionalOutbox(
            dataSource, OutboxOptions.defaults(), types, codec, TransactionalOutbox.Context.none());
    return new SpringWriter(
        new TransactionTemplate(transactions), new JdbcTemplate(dataSource), outbox);
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

  private record SpringWriter(TransactionTemplate transaction, JdbcTemplate jdbc, Outbox outbox)
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
            outbox.append(OrderPlaced.of(order));
            TransactionSynchronizationManager.registerSynchronization(
                new BeforeCommit(beforeCommit));
          });
    }

    @Override
    public void writeEvents(long firstOrder, int count) {
      transaction.executeWithoutResult(
          status -> {
            for (long order = firstOrder; order < firstOrder + count; order++) {
              outbox.append(OrderPlaced.of(order));
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
