package dev.evenkeel.relay.crash;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxCommit;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.delivery.InProcessTransport;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.relay.JanitorOptions;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** One process of an application, made of the public API alone: outbox, handler, relay. */
final class Application implements AutoCloseable {

  static final String SCHEMA = "evenkeel";

  private static final int CONNECTIONS = 48;
  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.builder().build());

  private final HikariDataSource dataSource;
  private final TransactionTemplate transactions;
  private final BusinessTables tables;
  private final Outbox outbox;
  private final Relay relay;

  /** Connects; the relay waits for {@link #startRelay()}. */
  Application(DatabaseInfo database, String node, Journal journal, Set<Role> roles, long seed) {
    this(database, node, journal, roles, seed, () -> {});
  }

  /**
   * The same.
   *
   * @param sent called after each message that the relay has handed over
   */
  Application(
      DatabaseInfo database,
      String node,
      Journal journal,
      Set<Role> roles,
      long seed,
      Runnable sent) {
    dataSource = pool(database);
    DataSourceTransactionManager manager = new DataSourceTransactionManager(dataSource);
    transactions = new TransactionTemplate(manager);
    tables = new BusinessTables(dataSource);
    EventTypes types = EventTypes.of(List.of(Counted.class));
    outbox =
        new TransactionalOutbox(
            dataSource, outbox(roles), types, CODEC, TransactionalOutbox.Context.none());
    InboxHandlers handlers =
        handlers(
            types,
            new CountedHandler(
                tables, journal, node, roles.contains(Role.FAILS_AFTER_SUSPENSION), seed));
    relay =
        new Relay(
            options(node, roles),
            new ConnectionSettings(database.jdbcUrl(), database.username(), database.password()),
            new JournalingTransport(
                transport(manager, handlers, roles), journal, node, CODEC, sent),
            new ConsumerRegistry(dataSource, SCHEMA),
            handlers.subscriptions(),
            MessageObserver.NONE);
  }

  private static OutboxOptions outbox(Set<Role> roles) {
    OutboxOptions d = OutboxOptions.defaults();
    return new OutboxOptions(
        d.schema(),
        d.maxPayloadBytes(),
        d.claimCheck(),
        roles.contains(Role.TABLE_LESS) ? OutboxStorage.WAL : OutboxStorage.TABLE);
  }

  private static RelayOptions options(String node, Set<Role> roles) {
    RelayOptions options =
        roles.contains(Role.DEFAULT_INTERVALS) ? RelayOptions.defaults(SCHEMA, node) : quick(node);
    return roles.contains(Role.POLLING) ? options.withMode(RelayMode.POLLING) : options;
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
    InboxHandlers.Builder builder = InboxHandlers.builder(types, CODEC);
    for (Method method : CountedHandler.class.getDeclaredMethods()) {
      InboxHandler annotation = method.getAnnotation(InboxHandler.class);
      if (annotation != null) {
        builder.add(handler, method, annotation);
      }
    }
    return builder.build();
  }

  private Transport transport(
      DataSourceTransactionManager manager, InboxHandlers handlers, Set<Role> roles) {
    TransactionTarget home = new TransactionTarget("home", dataSource, manager);
    LaneOptions lanes = lanes(roles);
    InboxReceiver receiver =
        new InboxReceiver(
            new InboxOptions(
                SCHEMA,
                Duration.ofDays(10),
                lanes.handlerTimeout(),
                roles.contains(Role.GROUPED_COMMITS) ? InboxCommit.GROUPED : InboxCommit.DURABLE),
            dataSource,
            (consumer, message, shardKey) -> home,
            MessageObserver.NONE,
            TimeSource.SYSTEM);
    ParkedStore parked =
        new ParkedStore(dataSource, SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM);
    return new InProcessTransport(lanes, handlers, receiver, parked, MessageObserver.NONE);
  }

  /** The handler's timeout is below the short lease; who fails after a suspension parks at once. */
  private static LaneOptions lanes(Set<Role> roles) {
    LaneOptions d = LaneOptions.defaults();
    return new LaneOptions(
        d.lanes(),
        roles.contains(Role.FAILS_AFTER_SUSPENSION) ? 1 : 5,
        Duration.ofMillis(300),
        d.attemptsParked(),
        Duration.ofMillis(200),
        d.maxBackoff(),
        d.outageBudget(),
        Duration.ofSeconds(2));
  }

  /** The defaults' proportions, about three times as fast. */
  private static RelayOptions quick(String node) {
    RelayOptions d = RelayOptions.defaults(SCHEMA, node);
    return new RelayOptions(
        SCHEMA,
        node,
        Duration.ofSeconds(3),
        Duration.ofMillis(150),
        Duration.ofMillis(300),
        d.pollInterval(),
        d.maxInFlight(),
        d.maxInFlightBytes(),
        Duration.ofSeconds(3),
        new JanitorOptions(Duration.ofMillis(500), Duration.ofHours(6), Duration.ofDays(10)));
  }

  void startRelay() {
    relay.start();
  }

  Relay relay() {
    return relay;
  }

  HikariDataSource dataSource() {
    return dataSource;
  }

  TransactionTemplate transactions() {
    return transactions;
  }

  BusinessTables tables() {
    return tables;
  }

  Outbox outbox() {
    return outbox;
  }

  @Override
  public void close() {
    relay.stop();
    dataSource.close();
  }
}
