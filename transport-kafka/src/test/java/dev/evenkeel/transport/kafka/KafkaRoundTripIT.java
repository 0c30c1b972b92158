package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class KafkaRoundTripIT {

  private static final Duration SOON = Duration.ofSeconds(20);
  private final List<String> seen = new CopyOnWriteArrayList<>();

  @InboxHandler(consumer = "contract", types = ContractEvent.TYPE)
  void on(OutboxMessage message) {
    seen.add(message.aggregateId() + new String(message.payload(), StandardCharsets.UTF_8));
  }

  @Test
  void messagesSentAreHandledInOrder() throws Exception {
    try (EvenkeelDatabase database = EvenkeelDatabase.create()) {
      EventTypes types = EventTypes.of(List.of(ContractEvent.class));
      var method = KafkaRoundTripIT.class.getDeclaredMethod("on", OutboxMessage.class);
      InboxHandlers handlers =
          InboxHandlers.builder(types, new JsonPayloadCodec(JsonMapper.builder().build()))
              .add(this, method, method.getAnnotation(InboxHandler.class))
              .build();
      ParkedStore parked =
          new ParkedStore(
              database.dataSource(), "evenkeel", MessageObserver.NONE, TimeSource.SYSTEM);
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
                  false),
              Broker.client(),
              name -> parked);
      KafkaInbox inbox =
          new KafkaInbox(
              KafkaInboxOptions.defaults("round-trip", "node"),
              Broker.client(),
              types,
              handlers,
              database.receiver(),
              parked,
              MessageObserver.NONE);
      inbox.start();
      AtomicInteger acks = new AtomicInteger();
      try (Transport.Session session = transport.open(leadership())) {
        long began = System.nanoTime();
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
          OutboxMessage m =
              OutboxMessage.of(
                  ContractEvent.TYPE,
                  1,
                  ContractEvent.AGGREGATE_TYPE,
                  "k",
                  (" " + i).getBytes(StandardCharsets.UTF_8));
          sent.add("k " + i);
          session.send(
              m,
              new Acknowledgement() {
                @Override
                public void acknowledge() {
                  acks.incrementAndGet();
                }

                @Override
                public void fail(Throwable cause) {
                  cause.printStackTrace();
                }
              });
        }
        await().atMost(SOON).until(() -> acks.get() == 1000);
        System.out.println("acks after ms " + (System.nanoTime() - began) / 1_000_000);
        await().atMost(SOON).until(() -> seen.size() >= 1000);
        System.out.println("seen after ms " + (System.nanoTime() - began) / 1_000_000);
        assertThat(seen).containsExactlyElementsOf(sent);
        System.out.println(inbox.status());
      }
      inbox.stop();
    }
  }

  private static Leadership leadership() {
    return new Leadership() {
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
}
