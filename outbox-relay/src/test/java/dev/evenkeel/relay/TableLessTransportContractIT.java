package dev.evenkeel.relay;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.delivery.InProcessTransport;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.TransportContract;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import tools.jackson.databind.json.JsonMapper;

/**
 * From an append that writes no row to the receiver and back, as one transport: nothing of what
 * holds for the transport behind it is weakened. A session is a relay.
 */
class TableLessTransportContractIT extends TransportContract {

  private static final String CONSUMER = "contract";

  private Installation installation;

  @BeforeEach
  void createInstallation() {
    installation = Installation.create();
  }

  @AfterEach
  void closeInstallation() {
    installation.close();
  }

  private record Handler(Receiver receiver) {

    @InboxHandler(consumer = CONSUMER, types = ContractEvent.TYPE)
    void on(OutboxMessage message) {
      receiver.receive(message);
    }
  }

  @Override
  protected Transport transport(Receiver receiver) throws NoSuchMethodException {
    Handler handler = new Handler(receiver);
    Method method = Handler.class.getDeclaredMethod("on", OutboxMessage.class);
    InboxHandlers handlers =
        InboxHandlers.builder(
                EventTypes.of(List.of(ContractEvent.class)),
                new JsonPayloadCodec(JsonMapper.builder().build()))
            .add(handler, method, method.getAnnotation(InboxHandler.class))
            .build();
    TransactionTarget home =
        new TransactionTarget(
            "home",
            installation.dataSource(),
            new DataSourceTransactionManager(installation.dataSource()));
    Transport behind =
        new InProcessTransport(
            LaneOptions.defaults(),
            handlers,
            new InboxReceiver(
                InboxOptions.defaults(),
                installation.dataSource(),
                (consumer, message, shardKey) -> home,
                MessageObserver.NONE,
                TimeSource.SYSTEM),
            new ParkedStore(
                installation.dataSource(),
                Installation.SCHEMA,
                MessageObserver.NONE,
                TimeSource.SYSTEM),
            MessageObserver.NONE);
    return new ThroughTheWal(behind, handlers);
  }

  private final class ThroughTheWal implements Transport {

    private final Transport behind;
    private final InboxHandlers handlers;

    ThroughTheWal(Transport behind, InboxHandlers handlers) {
      this.behind = behind;
      this.handlers = handlers;
    }

    @Override
    public String name() {
      return "through the WAL";
    }

    @Override
    public boolean inProcess() {
      return true;
    }

    @Override
    public Session open(Leadership leadership) {
      return new RelaySession(behind, handlers);
    }
  }

  private final class RelaySession implements Transport.Session {

    private final Map<UUID, Acknowledgement> waiting = new ConcurrentHashMap<>();
    private final ProtocolOutbox outbox =
        new ProtocolOutbox(Installation.SCHEMA, OutboxStorage.WAL, MessageObserver.NONE);
    private final Relay relay;
    private volatile boolean closed;

    RelaySession(Transport behind, InboxHandlers handlers) {
      RelayOptions d = RelayOptions.defaults(Installation.SCHEMA, "contract");
      relay =
          new Relay(
              new RelayOptions(
                  d.schema(),
                  d.node(),
                  d.lease(),
                  d.contend(),
                  d.heartbeat(),
                  d.pollInterval(),
                  d.maxInFlight(),
                  d.maxInFlightBytes(),
                  Duration.ZERO,
                  d.janitor()),
              installation.settings(),
              new Telling(behind),
              new ConsumerRegistry(installation.dataSource(), Installation.SCHEMA),
              handlers.subscriptions(),
              MessageObserver.NONE);
      relay.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> relay.status().state() == RelayState.STREAMING);
    }

    @Override
    public void send(OutboxMessage message, Acknowledgement acknowledgement) {
      waiting.put(message.id(), acknowledgement);
      ProtocolTransaction.inTransaction(
          installation.dataSource(),
          "Sending",
          c -> {
            outbox.append(c, List.of(message));
            return true;
          });
    }

    @Override
    public void close() {
      closed = true;
      relay.stop();
    }

    /** Tells whoever sent that the transport behind has acknowledged. */
    private final class Telling implements Transport {

      private final Transport behind;

      Telling(Transport behind) {
        this.behind = behind;
      }

      @Override
      public String name() {
        return behind.name();
      }

      @Override
      public boolean inProcess() {
        return behind.inProcess();
      }

      @Override
      public Session open(Leadership leadership) {
        Session session = behind.open(leadership);
        return new Session() {
          @Override
          public void send(OutboxMessage message, Acknowledgement acknowledgement) {
            session.send(message, new Both(message.id(), acknowledgement));
          }

          @Override
          public void close() {
            session.close();
          }
        };
      }
    }

    private final class Both implements Acknowledgement {

      private final UUID id;
      private final Acknowledgement relays;

      Both(UUID id, Acknowledgement relays) {
        this.id = id;
        this.relays = relays;
      }

      @Override
      public void acknowledge() {
        Acknowledgement senders = waiting.remove(id);
        if (senders != null && !closed) {
          senders.acknowledge();
        }
        relays.acknowledge();
      }

      @Override
      public void fail(Throwable cause) {
        relays.fail(cause);
      }
    }
  }

  @Override
  protected boolean isDurable(OutboxMessage message) {
    return installation.count(
            """
            SELECT (SELECT count(*) FROM evenkeel.inbox WHERE message_id = ? AND consumer = ?)
                 + (SELECT count(*) FROM evenkeel.parked_message WHERE message_id = ? AND consumer = ?)
            """,
            message.id(),
            CONSUMER,
            message.id(),
            CONSUMER)
        == 1;
  }
}
