package dev.evenkeel.bench;

import dev.evenkeel.migrations.SchemaMigration;
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
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import tools.jackson.databind.json.JsonMapper;

/**
 * Outbox and relay of one node with their defaults, wired as an application without Spring Boot
 * would do it.
 */
final class RelayWiring {

  static final String SCHEMA = "evenkeel";

  private static final Set<RelayState> RELAYING =
      EnumSet.of(RelayState.STREAMING, RelayState.POLLING);

  private static final Duration LONGEST_START = Duration.ofSeconds(60);

  private final DatabaseInfo database;
  private final RelayOptions options;
  private final DataSource dataSource;
  private final EventTypes types;
  private final PayloadCodec codec = new JsonPayloadCodec(JsonMapper.builder().build());

  /**
   * Wires nothing yet.
   *
   * @param node unique per process
   * @param dataSource a pool of connections to the database
   * @param events the classes of all events
   */
  RelayWiring(DatabaseInfo database, String node, DataSource dataSource, List<Class<?>> events) {
    this(database, RelayOptions.defaults(SCHEMA, node), dataSource, events);
  }

  /** The same with other options for the relay, whose schema is {@link #SCHEMA}. */
  RelayWiring(
      DatabaseInfo database, RelayOptions options, DataSource dataSource, List<Class<?>> events) {
    this.database = database;
    this.options = options;
    this.dataSource = dataSource;
    this.types = EventTypes.of(events);
  }

  boolean polls() {
    return options.mode() == RelayMode.POLLING;
  }

  void migrate() {
    SchemaMigration plain = new SchemaMigration(SCHEMA);
    new SchemaMigration(SCHEMA, plain.applicationRole(), plain.relayRole(), polls())
        .migrate(dataSource);
  }

  Outbox outbox() {
    return outbox(OutboxStorage.TABLE, MessageObserver.NONE);
  }

  Outbox outbox(OutboxStorage storage, MessageObserver observer) {
    OutboxOptions d = OutboxOptions.defaults();
    return new TransactionalOutbox(
        dataSource,
        new OutboxOptions(d.schema(), d.maxPayloadBytes(), d.claimCheck(), storage),
        types,
        codec,
        new TransactionalOutbox.Context(List.of(), List.of(), observer));
  }

  ParkedStore parked() {
    return new ParkedStore(dataSource, SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM);
  }

  /** A relay without consumers of this process. */
  Relay sendingTo(Transport transport) {
    return relay(transport, InboxHandlers.builder(types, codec).build(), MessageObserver.NONE);
  }

  /** A relay that calls handlers which have transactions of their own. */
  Relay inProcess(List<DirectHandler> direct) {
    InboxHandlers.Builder builder = InboxHandlers.builder(types, codec);
    direct.forEach(builder::addDirect);
    return inProcess(builder.build(), InboxCommit.DURABLE, MessageObserver.NONE);
  }

  /**
   * A relay that calls the handlers of objects, each in one transaction with its inbox row.
   *
   * @param handlers have methods with {@link InboxHandler}
   */
  Relay inProcess(List<?> handlers, InboxCommit commit, MessageObserver observer) {
    return inProcess(handlersOf(handlers), commit, observer);
  }

  private Relay inProcess(InboxHandlers handlers, InboxCommit commit, MessageObserver observer) {
    InboxOptions defaults = InboxOptions.defaults();
    TransactionTarget target =
        new TransactionTarget("bench", dataSource, new DataSourceTransactionManager(dataSource));
    return relay(
        new InProcessTransport(
            LaneOptions.defaults(),
            handlers,
            new InboxReceiver(
                new InboxOptions(
                    defaults.schema(), defaults.window(), defaults.handlerTimeout(), commit),
                dataSource,
                (consumerName, message, shardKey) -> target,
                observer,
                TimeSource.SYSTEM),
            new ParkedStore(dataSource, SCHEMA, observer, TimeSource.SYSTEM),
            observer),
        handlers,
        observer);
  }

  /** Starts a relay and waits until it streams or polls. */
  static void startAndStream(Relay relay) throws Exception {
    relay.start();
    Waiting.until(
        LONGEST_START,
        () -> RELAYING.contains(relay.status().state()),
        () -> "The relay does not relay: " + relay.status());
  }

  private Relay relay(Transport transport, InboxHandlers handlers, MessageObserver observer) {
    ConsumerRegistry registry = new ConsumerRegistry(dataSource, SCHEMA);
    registry.register(handlers.subscriptions());
    return new Relay(
        options,
        new ConnectionSettings(database.jdbcUrl(), database.username(), database.password()),
        transport,
        registry,
        handlers.subscriptions(),
        observer);
  }

  private InboxHandlers handlersOf(List<?> handlers) {
    InboxHandlers.Builder builder = InboxHandlers.builder(types, codec);
    for (Object handler : handlers) {
      for (Method method : handler.getClass().getDeclaredMethods()) {
        InboxHandler annotation = method.getAnnotation(InboxHandler.class);
        if (annotation != null) {
          builder.add(handler, method, annotation);
        }
      }
    }
    return builder.build();
  }
}
