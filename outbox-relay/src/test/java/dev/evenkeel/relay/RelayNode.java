package dev.evenkeel.relay;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TablePayloadStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.delivery.InProcessTransport;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadStore;
import dev.evenkeel.outbox.spi.TransactionRouter;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.outbox.spi.Upcaster;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** One process of an application as tests see it: outbox, handlers, relay. */
final class RelayNode implements AutoCloseable {

  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.builder().build());

  private final TransactionTemplate transactions;
  private final TransactionalOutbox outbox;
  private final ParkedStore parked;
  private final Relay relay;

  private RelayNode(Builder builder) {
    DataSource dataSource = builder.dataSource;
    DataSourceTransactionManager manager = new DataSourceTransactionManager(dataSource);
    transactions = new TransactionTemplate(manager);
    EventTypes types = EventTypes.of(builder.events);
    outbox =
        new TransactionalOutbox(
            dataSource,
            builder.outbox,
            types,
            CODEC,
            new TransactionalOutbox.Context(
                List.of(),
                List.of(),
                MessageObserver.NONE,
                TransactionSlot.NONE,
                builder.payloads));
    parked =
        new ParkedStore(
            dataSource, Installation.SCHEMA, builder.observer, builder.time, builder.payloads);
    InboxHandlers.Builder handlers = InboxHandlers.builder(types, CODEC, builder.upcasters);
    for (Object bean : builder.beans) {
      for (Method method : bean.getClass().getDeclaredMethods()) {
        InboxHandler annotation = method.getAnnotation(InboxHandler.class);
        if (annotation != null) {
          handlers.add(bean, method, annotation);
        }
      }
    }
    builder.direct.forEach(handlers::addDirect);
    InboxHandlers built = handlers.build();
    TransactionTarget home = new TransactionTarget("home", dataSource, manager);
    TransactionRouter router =
        builder.router == null ? (consumer, message, shardKey) -> home : builder.router;
    InboxReceiver receiver =
        new InboxReceiver(
            new InboxOptions(
                Installation.SCHEMA, Duration.ofDays(10), builder.lanes.handlerTimeout()),
            dataSource,
            router,
            builder.observer,
            builder.time,
            builder.payloads);
    relay =
        new Relay(
            builder.relay,
            builder.settings,
            new InProcessTransport(builder.lanes, built, receiver, parked, builder.observer),
            new ConsumerRegistry(dataSource, Installation.SCHEMA),
            built.subscriptions(),
            built.upcastSubscriptions(),
            builder.observer);
  }

  static Builder in(Installation installation) {
    return new Builder(installation);
  }

  /** What differs between tests. */
  static final class Builder {

    private List<Class<?>> events = List.of(Counted.class);
    private List<Object> beans = List.of();
    private List<DirectHandler> direct = List.of();
    private RelayOptions relay;
    private LaneOptions lanes = LaneOptions.defaults();
    private TimeSource time = TimeSource.SYSTEM;
    private MessageObserver observer = MessageObserver.NONE;
    private @Nullable TransactionRouter router;
    private OutboxOptions outbox = OutboxOptions.defaults();
    private PayloadStore payloads;
    private List<Upcaster> upcasters = List.of();
    private ConnectionSettings settings;
    private DataSource dataSource;

    private Builder(Installation installation) {
      this.settings = installation.settings();
      this.dataSource = installation.dataSource();
      this.payloads = new TablePayloadStore(dataSource, Installation.SCHEMA);
      this.relay = quick("node");
    }

    Builder named(String node) {
      relay = quick(node);
      return this;
    }

    Builder relay(UnaryOperator<RelayOptions> change) {
      relay = change.apply(relay);
      return this;
    }

    Builder events(Class<?>... classes) {
      events = List.of(classes);
      return this;
    }

    Builder handlers(Object... handlerBeans) {
      beans = List.of(handlerBeans);
      return this;
    }

    Builder direct(DirectHandler... handlers) {
      direct = List.of(handlers);
      return this;
    }

    Builder lanes(LaneOptions options) {
      lanes = options;
      return this;
    }

    Builder outbox(OutboxOptions options) {
      outbox = options;
      return this;
    }

    Builder payloads(PayloadStore store) {
      payloads = store;
      return this;
    }

    Builder upcasters(Upcaster... all) {
      upcasters = List.of(all);
      return this;
    }

    Builder time(TimeSource source) {
      time = source;
      return this;
    }

    Builder router(TransactionRouter newRouter) {
      router = newRouter;
      return this;
    }

    Builder observer(MessageObserver newObserver) {
      observer = newObserver;
      return this;
    }

    /** The relay's own sessions, where they are not the installation's. */
    Builder settings(ConnectionSettings newSettings) {
      settings = newSettings;
      return this;
    }

    /** The application's pool, where it is not the installation's. */
    Builder dataSource(DataSource newDataSource) {
      dataSource = newDataSource;
      return this;
    }

    RelayNode build() {
      return new RelayNode(this);
    }

    RelayNode start() {
      RelayNode node = build();
      node.relay.start();
      return node;
    }
  }

  /** Shorter intervals than the defaults, so that tests are quick; the same proportions. */
  private static RelayOptions quick(String node) {
    RelayOptions d = RelayOptions.defaults(Installation.SCHEMA, node);
    return new RelayOptions(
        d.schema(),
        node,
        Duration.ofSeconds(3),
        Duration.ofMillis(100),
        Duration.ofMillis(200),
        d.pollInterval(),
        d.maxInFlight(),
        d.maxInFlightBytes(),
        Duration.ofSeconds(3),
        new JanitorOptions(Duration.ofMillis(200), Duration.ofHours(6), Duration.ofDays(10)));
  }

  Relay relay() {
    return relay;
  }

  ParkedStore parked() {
    return parked;
  }

  /** Appends events in one transaction. */
  void publish(Object... events) {
    transactions.executeWithoutResult(
        status -> {
          for (Object event : events) {
            outbox.append(event);
          }
        });
  }

  TransactionTemplate transactions() {
    return transactions;
  }

  TransactionalOutbox outbox() {
    return outbox;
  }

  @Override
  public void close() {
    relay.stop();
  }
}
