package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.testing.ConsumerContract;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Handlers served from topics that Kafka Connect writes may rely on what all handlers may. */
class ConnectConsumerContractIT extends ConsumerContract {

  private static final ConnectWorker WORKER = new ConnectWorker();

  @BeforeAll
  static void startWorker() {
    WORKER.start();
  }

  @AfterAll
  static void stopWorker() {
    WORKER.close();
  }

  @Override
  protected Way open(
      EvenkeelDatabase database, EventTypes types, InboxHandlers handlers, LaneOptions lanes) {
    Uplink uplink = new Uplink(database, 3);
    ParkedStore parked =
        new ParkedStore(
            database.dataSource(), database.schema(), MessageObserver.NONE, TimeSource.SYSTEM);
    KafkaInboxOptions d = KafkaInboxOptions.defaults(uplink.names().topic("group"), "node");
    KafkaInbox inbox =
        new KafkaInbox(
            new KafkaInboxOptions(
                d.group(),
                d.node(),
                uplink.names(),
                lanes,
                d.maxInFlight(),
                d.maxInFlightBytes(),
                d.commitInterval()),
            Broker.client(),
            types,
            handlers,
            database.receiver(),
            parked,
            MessageObserver.NONE);
    uplink.await(RelayMode.CONNECT, RelayState.WATCHING);
    WORKER.run(uplink.connector());
    inbox.start();
    return new Way() {
      @Override
      public void send(OutboxMessage message) {
        uplink.append(List.of(message));
      }

      @Override
      public ParkedMessages parked() {
        return parked;
      }

      @Override
      public void close() {
        uplink.awaitPublished();
        WORKER.delete(uplink.connector());
        inbox.stop();
        uplink.close();
      }
    };
  }
}
