package dev.evenkeel.relay;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.delivery.InProcessTransport;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.testing.ConsumerContract;
import dev.evenkeel.testing.EvenkeelDatabase;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.time.Duration;
import java.util.List;

/** Handlers may rely on the same, whoever relays: from an append through a relay to them. */
abstract class RelayedConsumerContract extends ConsumerContract {

  private final RelayMode mode;
  private final OutboxStorage storage;

  RelayedConsumerContract(RelayMode mode) {
    this(mode, OutboxStorage.TABLE);
  }

  RelayedConsumerContract(RelayMode mode, OutboxStorage storage) {
    this.mode = mode;
    this.storage = storage;
  }

  @Override
  protected Way open(
      EvenkeelDatabase database, EventTypes types, InboxHandlers handlers, LaneOptions lanes) {
    ParkedStore parked =
        new ParkedStore(
            database.dataSource(), database.schema(), MessageObserver.NONE, TimeSource.SYSTEM);
    ProtocolOutbox outbox = new ProtocolOutbox(database.schema(), storage, MessageObserver.NONE);
    Relay relay =
        new Relay(
            RelayOptions.defaults(database.schema(), "node").withMode(mode),
            settings(database),
            new InProcessTransport(
                lanes, handlers, database.receiver(), parked, MessageObserver.NONE),
            new ConsumerRegistry(database.dataSource(), database.schema()),
            handlers.subscriptions(),
            MessageObserver.NONE);
    relay.start();
    if (storage == OutboxStorage.WAL) { // refuses what nobody would read
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> relay.status().state() == RelayState.STREAMING);
    }
    return new Way() {
      @Override
      public void send(OutboxMessage message) {
        ProtocolTransaction.inTransaction(
            database.dataSource(),
            "Sending",
            c -> {
              outbox.append(c, List.of(message));
              return true;
            });
      }

      @Override
      public ParkedMessages parked() {
        return parked;
      }

      @Override
      public void close() {
        relay.stop();
      }
    };
  }

  private static ConnectionSettings settings(EvenkeelDatabase database) {
    DatabaseInfo info = database.info();
    return new ConnectionSettings(info.jdbcUrl(), info.username(), info.password());
  }
}
