package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A broker that dies, or says nothing, while messages are sent to it. */
class BrokerAwayIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int KEYS = 20;

  /** As the relay bounds what is under way. */
  private static final int MAX_OPEN = 2_000;

  private static BrokerProcess broker;

  private EvenkeelDatabase database;
  private TopicNames names;
  private String topic;

  @BeforeAll
  static void startBroker() {
    broker = BrokerProcess.start();
  }

  @AfterAll
  static void stopBroker() throws InterruptedException {
    broker.close();
  }

  @BeforeEach
  void createTopic() {
    database = EvenkeelDatabase.create();
    names = new TopicNames("b" + UUID.randomUUID() + "." + TopicNames.PLACEHOLDER);
    topic = names.topic(ContractEvent.AGGREGATE_TYPE);
    try (Topics topics = broker.topics()) {
      topics.create(topic, 3);
    }
  }

  @AfterEach
  void dropDatabase() {
    database.close();
  }

  @Test
  void brokerKilledUnderLoadLosesNothingAndKeepsTheOrder() throws InterruptedException {
    Random random = new Random(Seed.draw());
    Set<UUID> acknowledgedAtLast;
    List<OutboxMessage> sent;
    try (Sender sender = new Sender(database, broker.client(), names)) {
      try (Load load = new Load(sender)) {
        int first = 500 + random.nextInt(2_000);
        await().atMost(SOON).until(() -> sender.acknowledged() > first);
        broker.kill();
        await()
            .atMost(SOON)
            .untilAsserted(
                () ->
                    assertThat(sender.findings())
                        .anySatisfy(f -> assertThat(f).contains("Kafka does not take messages")));
        await().atMost(SOON).until(() -> sender.open() == MAX_OPEN);
        broker.startAgain();
        await().atMost(SOON).until(() -> sender.open() < MAX_OPEN);
        await().atMost(SOON).untilAsserted(() -> assertThat(sender.findings()).isEmpty());
        int enough = sender.acknowledged() + 500 + random.nextInt(500);
        await().atMost(SOON).until(() -> sender.acknowledged() > enough);
        broker.kill();
      }
      assertThat(sender.failures()).isEmpty();
      assertThat(sender.parked().counts().keys()).isZero();
      sender.close();
      acknowledgedAtLast = sender.acknowledgedIds();
      sent = sender.sent();
    }
    broker.startAgain();
    List<UUID> inTopic = ids();
    assertThat(new HashSet<>(inTopic))
        .as("acknowledged before the broker died")
        .containsAll(acknowledgedAtLast);
    assertInOrder(sent, inTopic);

    // Another leader sends what was not acknowledged.
    try (Sender next = new Sender(database, broker.client(), names)) {
      sent.stream().filter(m -> !acknowledgedAtLast.contains(m.id())).forEach(next::send);
      next.awaitDone();
    }
    inTopic = ids();
    assertThat(new HashSet<>(inTopic)).hasSize(sent.size());
    assertInOrder(sent, inTopic);
  }

  @Test
  @Tag("slow")
  void brokerThatSaysNothingForTwentySecondsHoldsMessagesAndParksNone()
      throws InterruptedException {
    try (Sender sender = new Sender(database, broker.client(), names)) {
      try (Load load = new Load(sender)) {
        await().atMost(SOON).until(() -> sender.acknowledged() > 1_000);
        broker.suspend();
        long suspended = System.nanoTime();
        await().atMost(SOON).until(() -> !sender.findings().isEmpty());
        await()
            .atMost(SOON)
            .until(() -> System.nanoTime() - suspended > TimeUnit.SECONDS.toNanos(20));
        assertThat(sender.open()).isEqualTo(MAX_OPEN);
        int acknowledged = sender.acknowledged();
        broker.wake();
        await().atMost(SOON).until(() -> sender.acknowledged() > acknowledged + 2 * MAX_OPEN);
      }
      sender.awaitDone();
      assertThat(sender.findings()).isEmpty();
      assertThat(sender.parked().counts().keys()).isZero();
      List<UUID> inTopic = ids();
      assertThat(new HashSet<>(inTopic)).hasSize(sender.sent().size());
      assertInOrder(sender.sent(), inTopic);
    }
  }

  private List<UUID> ids() {
    try (Topics topics = broker.topics()) {
      List<UUID> ids = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : topics.records(topic)) {
        ids.add(
            UUID.fromString(
                RecordFormat.text(record.headers().lastHeader(RecordFormat.ID).value())));
      }
      return ids;
    }
  }

  /** First deliveries of each key are its messages as sent, from the first on, without a gap. */
  private static void assertInOrder(List<OutboxMessage> sent, List<UUID> inTopic) {
    Map<UUID, String> keys = new HashMap<>();
    Map<String, List<UUID>> sentOf = new HashMap<>();
    for (OutboxMessage message : sent) {
      keys.put(message.id(), message.aggregateId());
      sentOf.computeIfAbsent(message.aggregateId(), key -> new ArrayList<>()).add(message.id());
    }
    Map<String, Set<UUID>> firstsOf = new HashMap<>();
    for (UUID id : inTopic) {
      firstsOf.computeIfAbsent(keys.get(id), key -> new LinkedHashSet<>()).add(id);
    }
    firstsOf.forEach(
        (key, firsts) ->
            assertThat(firsts)
                .as("first deliveries of " + key)
                .containsExactlyElementsOf(sentOf.get(key).subList(0, firsts.size())));
  }

  /** One thread that sends as the relay does: as much as may be open. */
  private static final class Load implements AutoCloseable {

    private final Thread thread;
    private volatile boolean stopped;

    Load(Sender sender) {
      thread =
          new Thread(
              () -> {
                for (int n = 0; !stopped; n++) {
                  while (sender.open() >= MAX_OPEN && !stopped) {
                    LockSupport.parkNanos(100_000);
                  }
                  sender.send("key-" + n % KEYS, "" + n);
                  if (n % 20 == 0) {
                    LockSupport.parkNanos(2_000_000); // some thousands a second are enough
                  }
                }
              },
              "load");
      thread.start();
    }

    @Override
    public void close() throws InterruptedException {
      stopped = true;
      thread.join();
    }
  }
}
