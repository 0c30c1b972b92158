package dev.evenkeel.transport.kafka.crash;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.relay.JanitorOptions;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.transport.kafka.KafkaInbox;
import dev.evenkeel.transport.kafka.KafkaInboxOptions;
import dev.evenkeel.transport.kafka.KafkaTransport;
import dev.evenkeel.transport.kafka.KafkaTransportOptions;
import dev.evenkeel.transport.kafka.TopicNames;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** One process of an application, made of the public API alone: outbox, relay, Kafka, handler. */
final class Application implements AutoCloseable {

  static final String SCHEMA = "evenkeel";
  static final Duration LEASE = Duration.ofSeconds(3);
  static final Duration SESSION = Duration.ofSeconds(3);

  private static final int CONNECTIONS = 20;
  private static final Duration WINDOW = Duration.ofDays(10);
  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.builder().build());

  private final HikariDataSource dataSource;
  private final TransactionTemplate transactions;
  private final BusinessTables tables;
  private final Outbox outbox;
  private final ParkedStore parked;
  private final Relay relay;
  private final KafkaInbox inbox;

  /**
   * Connects to the database; relay and inbox wait to be started.
   *
   * @param premature the transport acknowledges before the broker does
   */
  Application(
      DatabaseInfo database, String brokers, String node, Journal journal, boolean premature) {
    dataSource = pool(database);
    DataSourceTransactionManager manager = new DataSourceTransactionManager(dataSource);
    transactions = new TransactionTemplate(manager);
    tables = new BusinessTables(dataSource);
    EventTypes types = EventTypes.of(List.of(Counted.class));
    outbox =
        new TransactionalOutbox(
            dataSource, OutboxOptions.defaults(), types, CODEC, TransactionalOutbox.Context.none());
    parked = new ParkedStore(dataSource, SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM);
    InboxHandlers handlers = handlers(types, new CountedHandler(tables, journal, node));
    relay =
        new Relay(
            relayOptions(node),
            new ConnectionSettings(database.jdbcUrl(), database.username(), database.password()),
            new WatchedTransport(
                transport(brokers, topics(database)), journal, node, CODEC, premature),
            new ConsumerRegistry(dataSource, SCHEMA),
            handlers.subscriptions(),
            MessageObserver.NONE);
    inbox = inbox(database, brokers, node, types, handlers, manager);
  }

  /** Each run has names of its own. */
  static TopicNames topics(DatabaseInfo database) {
    return new TopicNames(database.name() + "." + TopicNames.PLACEHOLDER);
  }

  private static HikariDataSource pool(DatabaseInfo database) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.jdbcUrl());
    config.setUsername(database.username());
    config.setPassword(database.password());
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(2_000);
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  private static InboxHandlers handlers(EventTypes types, CountedHandler handler) {
    try {
      Method on = CountedHandler.class.getDeclaredMethod("on", Counted.class, OutboxMessage.class);
      return InboxHandlers.builder(types, CODEC)
          .add(handler, on, on.getAnnotation(InboxHandler.class))
          .build();
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The defaults' proportions, about three times as fast. */
  private static RelayOptions relayOptions(String node) {
    RelayOptions d = RelayOptions.defaults(SCHEMA, node);
    return new RelayOptions(
        SCHEMA,
        node,
        LEASE,
        Duration.ofMillis(150),
        Duration.ofMillis(300),
        d.pollInterval(),
        d.maxInFlight(),
        d.maxInFlightBytes(),
        Duration.ofSeconds(3),
        new JanitorOptions(Duration.ofMillis(500), Duration.ofHours(6), WINDOW));
  }

  private static LaneOptions lanes() {
    LaneOptions d = LaneOptions.defaults();
    return new LaneOptions(
        8,
        CountedHandler.FAILURES,
        Duration.ofMillis(50),
        1_000,
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        d.outageBudget(),
        Duration.ofSeconds(2));
  }

  private KafkaTransport transport(String brokers, TopicNames topics) {
    KafkaTransportOptions d = KafkaTransportOptions.defaults("/counting");
    return new KafkaTransport(
        new KafkaTransportOptions(
            topics,
            d.source(),
            d.contentType(),
            false,
            d.topicBudget(),
            lanes(),
            WINDOW,
            true,
            false),
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            brokers,
            ProducerConfig.INTERCEPTOR_CLASSES_CONFIG,
            WatchedProducer.class.getName()),
        installation -> parked);
  }

  private KafkaInbox inbox(
      DatabaseInfo database,
      String brokers,
      String node,
      EventTypes types,
      InboxHandlers handlers,
      DataSourceTransactionManager manager) {
    TransactionTarget home = new TransactionTarget("home", dataSource, manager);
    LaneOptions lanes = lanes();
    InboxReceiver receiver =
        new InboxReceiver(
            new InboxOptions(SCHEMA, WINDOW, lanes.handlerTimeout()),
            dataSource,
            (consumer, message, shardKey) -> home,
            MessageObserver.NONE,
            TimeSource.SYSTEM);
    Map<String, Object> consumer = new HashMap<>();
    consumer.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    consumer.put(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, WatchedConsumer.class.getName());
    consumer.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, (int) SESSION.toMillis());
    consumer.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, (int) SESSION.toMillis() / 6);
    String group = database.name();
    KafkaInboxOptions d = KafkaInboxOptions.defaults(group, node);
    return new KafkaInbox(
        new KafkaInboxOptions(
            group,
            node,
            topics(database),
            lanes,
            d.maxInFlight(),
            d.maxInFlightBytes(),
            Duration.ofMillis(200)),
        consumer,
        types,
        handlers,
        receiver,
        parked,
        MessageObserver.NONE);
  }

  void start() {
    relay.start();
    inbox.start();
  }

  /** Raises the version of a key and announces it, in one transaction. */
  void write(String key) {
    transactions.executeWithoutResult(
        status -> outbox.append(Counted.of(key, tables.advance(key))));
  }

  /** Has every dead letter tried again. */
  void retryDeadLetters() {
    parked
        .deadLetters(1_000)
        .forEach(dead -> parked.retry(dead.consumer(), dead.message().id(), "operator"));
  }

  HikariDataSource dataSource() {
    return dataSource;
  }

  BusinessTables tables() {
    return tables;
  }

  @Override
  public void close() {
    inbox.stop();
    relay.stop();
    dataSource.close();
  }
}
