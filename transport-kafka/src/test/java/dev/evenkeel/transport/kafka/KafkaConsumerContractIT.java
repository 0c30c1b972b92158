package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.testing.ConsumerContract;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.util.UUID;

/** Handlers served from Kafka may rely on what all handlers may. */
class KafkaConsumerContractIT extends ConsumerContract {

  @Override
  protected Way open(
      EvenkeelDatabase database, EventTypes types, InboxHandlers handlers, LaneOptions lanes) {
    TopicNames names = new TopicNames("c" + UUID.randomUUID() + "." + TopicNames.PLACEHOLDER);
    try (Topics topics = Broker.topics()) {
      topics.create(names.topic(ContractEvent.AGGREGATE_TYPE), 3);
    }
    HikariDataSource pool = Journal.pool(database.info(), 4);
    ParkedStore parked =
        new ParkedStore(pool, database.schema(), MessageObserver.NONE, TimeSource.SYSTEM);
    KafkaInboxOptions d = KafkaInboxOptions.defaults(names.topic("group"), "node");
    KafkaInbox inbox =
        new KafkaInbox(
            new KafkaInboxOptions(
                d.group(),
                d.node(),
                names,
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
    Sender sender = new Sender(database, Broker.client(), names);
    inbox.start();
    return new Way() {
      @Override
      public void send(OutboxMessage message) {
        sender.send(message);
      }

      @Override
      public ParkedMessages parked() {
        return parked;
      }

      @Override
      public void close() {
        await()
            .atMost(Sender.SOON)
            .until(() -> sender.sent().stream().allMatch(sender::isAcknowledged));
        assertThat(sender.failures()).isEmpty();
        sender.close();
        inbox.stop();
        pool.close();
      }
    };
  }
}
