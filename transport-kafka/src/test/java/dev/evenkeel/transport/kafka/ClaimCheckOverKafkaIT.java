package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.OutboxOptions.ClaimCheckOptions;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TablePayloadStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadStore;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** A record carries the claim; who reaches the store has the payload. */
class ClaimCheckOverKafkaIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  @OutboxEvent(type = "claimed-report", aggregateType = "claimed-report", key = "key")
  private record Report(String key, String text) {}

  private static final EventTypes TYPES = EventTypes.of(List.of(Report.class));
  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.builder().build());

  /** One service: its group, its database, its store, what it handled. */
  private static final class Service implements AutoCloseable {

    private final List<Report> handled = new CopyOnWriteArrayList<>();
    private final ParkedStore parked;
    private final KafkaInbox inbox;

    Service(String group, EvenkeelDatabase database) {
      PayloadStore payloads = new TablePayloadStore(database.dataSource(), database.schema());
      TransactionTarget target =
          new TransactionTarget("home", database.dataSource(), database.transactionManager());
      parked =
          new ParkedStore(
              database.dataSource(),
              database.schema(),
              MessageObserver.NONE,
              TimeSource.SYSTEM,
              payloads);
      inbox =
          new KafkaInbox(
              KafkaInboxOptions.defaults(group, "node"),
              Broker.client(),
              TYPES,
              InboxHandlers.builder(TYPES, CODEC)
                  .add("reports", "reports", Report.class, "", "hash", handled::add)
                  .build(),
              new InboxReceiver(
                  InboxOptions.defaults(),
                  database.dataSource(),
                  (consumer, message, shardKey) -> target,
                  MessageObserver.NONE,
                  TimeSource.SYSTEM,
                  payloads),
              parked,
              MessageObserver.NONE);
      inbox.start();
    }

    @Override
    public void close() {
      inbox.stop();
    }
  }

  @Test
  void serviceOfTheStoreHandlesTheWholeEventAndAnotherMakesADeadLetter() throws Exception {
    Report report = new Report("k", "x".repeat(5_000));
    try (EvenkeelDatabase database = EvenkeelDatabase.create();
        EvenkeelDatabase elsewhere = EvenkeelDatabase.create()) {
      OutboxMessage message = appended(database, report);
      assertThat(message.payload()).isEmpty();
      try (Service same = new Service("claims-same", database);
          Service other = new Service("claims-other", elsewhere)) {
        send(message, same.parked);

        await().atMost(SOON).until(() -> same.handled.size() == 1);
        assertThat(same.handled).containsExactly(report);
        await().atMost(SOON).until(() -> other.parked.counts().dead() == 1);
        ParkedMessage dead = other.parked.deadLetters(1).get(0);
        assertThat(dead.reason()).isEqualTo(ParkReason.CLAIM_MISSING);
        assertThat(dead.message().headers()).containsKey(MessageHeaders.CLAIM_CHECK);
        assertThat(other.handled).isEmpty();
      }
    }
  }

  private static OutboxMessage appended(EvenkeelDatabase database, Report report) {
    TransactionalOutbox outbox =
        new TransactionalOutbox(
            database.dataSource(),
            new OutboxOptions(database.schema(), 1 << 20, new ClaimCheckOptions(1_000, 16 << 20)),
            TYPES,
            CODEC,
            new TransactionalOutbox.Context(
                List.of(),
                List.of(),
                MessageObserver.NONE,
                TransactionSlot.NONE,
                new TablePayloadStore(database.dataSource(), database.schema())));
    database.transactions().executeWithoutResult(status -> outbox.append(report));
    return database.outboxRows().messages().get(0);
  }

  private static void send(OutboxMessage message, ParkedStore parked) throws Exception {
    KafkaTransportOptions d = KafkaTransportOptions.defaults("/test");
    KafkaTransport transport =
        new KafkaTransport(
            new KafkaTransportOptions(
                d.topics(),
                d.source(),
                d.contentType(),
                true,
                d.topicBudget(),
                d.retries(),
                d.window(),
                false,
                false),
            Broker.client(),
            name -> parked);
    CompletableFuture<Boolean> sent = new CompletableFuture<>();
    try (Transport.Session session = transport.open(LEADERSHIP)) {
      session.send(
          message,
          new Acknowledgement() {
            @Override
            public void acknowledge() {
              sent.complete(true);
            }

            @Override
            public void fail(Throwable cause) {
              sent.completeExceptionally(cause);
            }
          });
      assertThat(sent.get(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static final Leadership LEADERSHIP =
      new Leadership() {
        @Override
        public long epoch() {
          return 0;
        }

        @Override
        public boolean mayDispatch() {
          return true;
        }
      };
}
