package dev.evenkeel.transport.kafka;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import tools.jackson.databind.json.JsonMapper;

/** One process of an application that serves a handler from Kafka; also as a JVM of its own. */
final class Member implements AutoCloseable {

  static final String CONSUMER = "contract";
  static final String SCHEMA = "evenkeel";

  /** A poisoned key that begins so stops, by SIGSTOP, a process whose name does, too. */
  static final String STOPS_ITSELF = "stops-";

  /** What such a process notes in the journal just before. */
  static final String STOPPING = "stopping";

  /** Keys whose effects happen in another database begin so. */
  static final String FAR = "far-";

  private static final int CONNECTIONS = 24;
  private static final int HEAP_MEGABYTES = 192;

  private static final LaneOptions LANES =
      new LaneOptions(
          8,
          2,
          Duration.ofMillis(200),
          3,
          Duration.ofMillis(100),
          Duration.ofMillis(300),
          Duration.ofSeconds(1),
          Duration.ofSeconds(3));

  private final HikariDataSource dataSource;
  private final KafkaInbox inbox;
  private final ParkedStore parked;
  private final AtomicInteger duplicates = new AtomicInteger();

  /**
   * What a member is told.
   *
   * @param topics pattern of the topics' names
   * @param handlingMicros how long each attempt takes
   */
  record Orders(
      DatabaseInfo database, String bootstrap, String topics, String node, int handlingMicros) {

    List<String> arguments() {
      return List.of(
          database.name(),
          database.jdbcUrl(),
          database.username(),
          database.password(),
          bootstrap,
          topics,
          node,
          Integer.toString(handlingMicros));
    }

    static Orders parse(String[] a) {
      return new Orders(
          new DatabaseInfo(a[0], a[1], a[2], a[3]), a[4], a[5], a[6], Integer.parseInt(a[7]));
    }
  }

  /** What is handled: journal the attempt, take effect, fail where that is asked for. */
  private record Handler(
      String node, Journal attempts, Journal home, Journal far, int handlingMicros) {

    @InboxHandler(consumer = CONSUMER)
    void on(ContractEvent event) {
      attempts.attempt(node, event.key(), event.number()); // stays when this rolls back
      (event.key().startsWith(FAR) ? far : home).effect(node, event.key(), event.number());
      if (handlingMicros > 0) {
        LockSupport.parkNanos(handlingMicros * 1_000L);
      }
      if (attempts.isPoison(event.key())) {
        if (event.key().startsWith(STOPS_ITSELF) && node.startsWith(STOPS_ITSELF)) {
          attempts.attempt(node, STOPPING, 1);
          stopThisProcess();
          // Its kind survives that the session has been ended meanwhile: parked at once.
          throw new PayloadException("woken", new IllegalStateException());
        }
        throw new IllegalStateException(event.key() + " is poison");
      }
    }

    private static void stopThisProcess() {
      try {
        new ProcessBuilder("kill", "-STOP", Long.toString(ProcessHandle.current().pid()))
            .start()
            .waitFor();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  Member(Orders orders) {
    this(orders, options(orders), null);
  }

  /**
   * Makes a member.
   *
   * @param far where the effects of {@link #FAR} keys happen; null: at home
   */
  Member(Orders orders, KafkaInboxOptions options, @Nullable DataSource far) {
    dataSource = Journal.pool(orders.database(), CONNECTIONS);
    // A data source of its own: another connection than that of the handler's transaction.
    DataSource aside = new Aside(dataSource);
    JsonPayloadCodec codec = new JsonPayloadCodec(JsonMapper.builder().build());
    EventTypes types = EventTypes.of(List.of(ContractEvent.class));
    DataSource farSource = far == null ? dataSource : far;
    InboxHandlers handlers =
        handlers(
            types,
            codec,
            new Handler(
                orders.node(),
                new Journal(aside),
                new Journal(dataSource),
                new Journal(farSource),
                orders.handlingMicros()));
    DataSourceTransactionManager manager = new DataSourceTransactionManager(dataSource);
    TransactionTarget home = new TransactionTarget("home", dataSource, manager);
    TransactionTarget away =
        new TransactionTarget("far", farSource, new DataSourceTransactionManager(farSource));
    InboxReceiver receiver =
        new InboxReceiver(
            new InboxOptions(SCHEMA, Duration.ofDays(10), LANES.handlerTimeout()),
            dataSource,
            (consumer, message, shardKey) ->
                far != null && message.aggregateId().startsWith(FAR) ? away : home,
            new MessageObserver() {
              @Override
              public void duplicate(String consumer) {
                duplicates.incrementAndGet();
              }
            },
            TimeSource.SYSTEM);
    parked = new ParkedStore(dataSource, SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM);
    inbox =
        new KafkaInbox(
            options,
            Map.of(
                "bootstrap.servers",
                orders.bootstrap(),
                "session.timeout.ms",
                6_000,
                "heartbeat.interval.ms",
                500),
            types,
            handlers,
            receiver,
            parked,
            MessageObserver.NONE);
  }

  private static InboxHandlers handlers(EventTypes types, JsonPayloadCodec codec, Handler handler) {
    for (Method method : Handler.class.getDeclaredMethods()) {
      InboxHandler annotation = method.getAnnotation(InboxHandler.class);
      if (annotation != null) {
        return InboxHandlers.builder(types, codec).add(handler, method, annotation).build();
      }
    }
    throw new IllegalStateException("no handler");
  }

  static KafkaInboxOptions options(Orders orders) {
    KafkaInboxOptions d = KafkaInboxOptions.defaults(orders.topics(), orders.node());
    return new KafkaInboxOptions(
        orders.topics(), // a group per test, as its topics are
        orders.node(),
        new TopicNames(orders.topics() + "." + TopicNames.PLACEHOLDER),
        LANES,
        d.maxInFlight(),
        d.maxInFlightBytes(),
        Duration.ofMillis(200));
  }

  Member start() {
    inbox.start();
    return this;
  }

  KafkaInbox inbox() {
    return inbox;
  }

  ParkedStore parked() {
    return parked;
  }

  /** Messages that came again after they had taken effect. */
  int duplicates() {
    return duplicates.get();
  }

  /** Leaves the group in good order. */
  @Override
  public void close() {
    inbox.stop();
    dataSource.close();
  }

  /** Starts one in a JVM of its own; it leaves the group when it gets SIGTERM. */
  static ChildJvm spawn(Orders orders) {
    try {
      Path output = Files.createTempFile("evenkeel-member-" + orders.node() + "-", ".txt");
      output.toFile().deleteOnExit();
      return ChildJvm.start(Main.class, orders.arguments(), HEAP_MEGABYTES, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The child. */
  static final class Main {

    private Main() {}

    public static void main(String[] arguments) throws InterruptedException {
      ChildJvm.endWithStandardInput();
      Member member = new Member(Orders.parse(arguments)).start();
      Runtime.getRuntime().addShutdownHook(new Thread(member::close, "leave"));
      Thread.currentThread().join();
    }
  }
}
