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
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Handlers may rely on the same when messages are in no table on their way. */
@Tag("postgres-matrix")
class TableLessConsumerContractIT extends ConsumerContract {

  @Override
  protected Way open(
      EvenkeelDatabase database, EventTypes types, InboxHandlers handlers, LaneOptions lanes) {
    ParkedStore parked =
        new ParkedStore(
            database.dataSource(), database.schema(), MessageObserver.NONE, TimeSource.SYSTEM);
    Relay relay =
        new Relay(
            RelayOptions.defaults(database.schema(), "contract"),
            new ConnectionSettings(
                database.info().jdbcUrl(), database.info().username(), database.info().password()),
            new InProcessTransport(
                lanes, handlers, database.receiver(), parked, MessageObserver.NONE),
            new ConsumerRegistry(database.dataSource(), database.schema()),
            handlers.subscriptions(),
            MessageObserver.NONE);
    ProtocolOutbox outbox =
        new ProtocolOutbox(database.schema(), OutboxStorage.WAL, MessageObserver.NONE);
    relay.start();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> relay.status().state() == RelayState.STREAMING);
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
}
