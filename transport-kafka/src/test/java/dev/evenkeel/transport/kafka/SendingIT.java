package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedState;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;

/** What the way to Kafka does with messages and topics that do not take each other. */
class SendingIT {

  private static final Duration SOON = Sender.SOON;
  private static final String CONSUMER = KafkaSession.CONSUMER;

  private static Topics topics;

  private EvenkeelDatabase database;
  private TopicNames names;
  private String topic;

  @BeforeAll
  static void connect() {
    topics = Broker.topics();
  }

  @AfterAll
  static void disconnect() {
    topics.close();
  }

  @BeforeEach
  void createDatabase() {
    database = EvenkeelDatabase.create();
    names = new TopicNames("s" + UUID.randomUUID() + "." + TopicNames.PLACEHOLDER);
    topic = names.topic(ContractEvent.AGGREGATE_TYPE);
  }

  @AfterEach
  void dropDatabase() {
    database.close();
  }

  private Sender sender() {
    return new Sender(database, Broker.client(), names);
  }

  @Test
  void recordsCarryTheHeadersOfTheEventRouterAndOfCloudEvents() {
    topics.create(topic, 1);
    String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    OutboxMessage message =
        new OutboxMessage(
            UUID.randomUUID(),
            ContractEvent.AGGREGATE_TYPE,
            "köy",
            ContractEvent.TYPE,
            3,
            "{}".getBytes(StandardCharsets.UTF_8),
            Map.of("traceparent", trace),
            Instant.parse("2026-01-02T03:04:05.678901Z"));
    try (Sender sender = sender()) {
      sender.send(message);
      sender.awaitDone();
    }
    ConsumerRecord<byte[], byte[]> record = topics.records(topic).get(0);
    Map<String, String> headers = new TreeMap<>();
    for (Header header : record.headers()) {
      assertThat(headers.put(header.key(), RecordFormat.text(header.value()))).isNull();
    }
    assertThat(headers)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("id", message.id().toString()),
                Map.entry("type", ContractEvent.TYPE),
                Map.entry("version", "3"),
                Map.entry("created_at", "2026-01-02T03:04:05.678901Z"),
                Map.entry("headers", "{\"traceparent\":\"" + trace + "\"}"),
                Map.entry("traceparent", trace),
                Map.entry("content-type", "application/json"),
                Map.entry("ce_specversion", "1.0"),
                Map.entry("ce_id", message.id().toString()),
                Map.entry("ce_source", "/test"),
                Map.entry("ce_type", ContractEvent.TYPE),
                Map.entry("ce_time", "2026-01-02T03:04:05.678901Z"),
                Map.entry("ce_subject", "köy")));
    assertThat(RecordFormat.text(record.key())).isEqualTo("köy");
    assertThat(record.value()).isEqualTo(message.payload());
  }

  @Test
  void missingTopicHoldsItsMessagesThenParksThemAndReleasesThemInOrder() {
    String other = names.topic("other");
    topics.create(other, 1);
    try (Sender sender = sender()) {
      List<String> expected = new ArrayList<>();
      for (int n = 1; n <= 50; n++) {
        sender.send("key", "" + n);
        sender.send("other", "key", "" + n);
        expected.add("" + n);
      }
      await().atMost(SOON).until(() -> topics.payloads(other, "key").equals(expected));
      assertThat(sender.findings()).anySatisfy(f -> assertThat(f).contains(topic));
      sender.awaitDone(); // parked, past the budget
      assertThat(sender.parked().find(CONSUMER, sender.sent().get(0).id()))
          .get()
          .satisfies(p -> assertThat(p.reason()).isEqualTo(ParkReason.OUTAGE));

      topics.create(topic, 1);
      for (int n = 51; n <= 100; n++) {
        sender.send("key", "" + n);
        expected.add("" + n);
      }
      await().atMost(SOON).until(() -> sender.parked().counts().keys() == 0);
      sender.send("key", "101");
      expected.add("101");
      sender.awaitDone();
      await().atMost(SOON).untilAsserted(() -> assertThat(sender.findings()).isEmpty());
      assertThat(topics.payloads(topic, "key")).containsExactlyElementsOf(expected);
    }
  }

  @Test
  void topicThatComesWithinTheBudgetTakesWhatWaitedForIt() {
    try (Sender sender =
        new Sender(database, Broker.client(), names, Duration.ofSeconds(60), Map.of())) {
      for (int n = 1; n <= 20; n++) {
        sender.send("key", "" + n);
      }
      await().atMost(SOON).until(() -> !sender.findings().isEmpty());
      topics.create(topic, 1);
      sender.awaitDone();
      assertThat(topics.payloads(topic, "key")).containsExactlyElementsOf(numbers(1, 20));
      assertThat(sender.parked().counts().keys()).isZero();
    }
  }

  @Test
  void topicThatIsDeletedHoldsNoOther() {
    String other = names.topic("other");
    topics.create(topic, 1).create(other, 1);
    try (Sender sender = sender()) {
      sender.send("key", "before");
      sender.send("other", "key", "0");
      sender.awaitDone();
      topics.delete(topic);
      List<OutboxMessage> gone = new ArrayList<>();
      for (int n = 1; n <= 20; n++) {
        gone.add(sender.send("key", "" + n));
        sender.send("other", "key", "" + n);
      }
      await().atMost(SOON).until(() -> topics.payloads(other, "key").equals(numbers(0, 20)));
      sender.awaitDone(); // those of the deleted one are parked
      assertThat(sender.findings()).anySatisfy(f -> assertThat(f).contains(topic));
      topics.create(topic, 1);
      await().atMost(SOON).until(() -> sender.parked().counts().keys() == 0);
      assertThat(topics.payloads(topic, "key")).containsExactlyElementsOf(numbers(1, 20));
    }
  }

  @Test
  void tooLargeMessageIsParkedAfterItsPredecessorsAndHoldsOnlyItsKey() {
    topics.create(topic, 1);
    topics.maxMessageBytes(topic, 20_000);
    try (Sender sender = sender()) {
      for (int n = 1; n <= 100; n++) {
        sender.send("large", "" + n);
        sender.send("small", "" + n);
      }
      OutboxMessage large = sender.send("large", "x".repeat(30_000));
      for (int n = 101; n <= 200; n++) {
        sender.send("large", "" + n);
        sender.send("small", "" + n);
      }
      sender.awaitDone();
      assertThat(topics.payloads(topic, "large")).containsExactlyElementsOf(numbers(1, 100));
      assertThat(topics.payloads(topic, "small")).containsExactlyElementsOf(numbers(1, 200));
      ParkedMessage dead = sender.parked().deadLetters(10).get(0);
      assertThat(dead.message()).isEqualTo(large);
      assertThat(dead.reason()).isEqualTo(ParkReason.TOO_LARGE);
      assertThat(dead.error()).contains("30000 bytes", "20000 bytes");
      assertThat(count("reason = 'BEHIND' AND state = 'QUEUED'")).isEqualTo(100);

      topics.maxMessageBytes(topic, 40_000);
      assertThat(sender.parked().retry(CONSUMER, large.id(), "operator")).isTrue();
      for (int n = 201; n <= 300; n++) {
        sender.send("large", "" + n);
      }
      await().atMost(SOON).until(() -> sender.parked().counts().keys() == 0);
      OutboxMessage larger = sender.send("large", "y".repeat(30_000));
      sender.awaitDone();
      List<String> expected = new ArrayList<>(numbers(1, 100));
      expected.add("x".repeat(30_000));
      expected.addAll(numbers(101, 300));
      expected.add("y".repeat(30_000));
      assertThat(topics.payloads(topic, "large")).containsExactlyElementsOf(expected);
      assertThat(sender.parked().find(CONSUMER, larger.id()))
          .as("the limit that was raised counts for live messages, too")
          .isEmpty();
    }
  }

  @Test
  void refusedMessageThatIsSkippedHoldsNobodyAndComesLateWhenRetried() {
    topics.create(topic, 1);
    topics.maxMessageBytes(topic, 20_000);
    try (Sender sender =
        new Sender(database, Broker.client(), names, Duration.ofSeconds(1), Map.of(), true)) {
      sender.send("large", "1");
      OutboxMessage large = sender.send("large", "x".repeat(30_000));
      sender.send("large", "2");
      sender.awaitDone();

      assertThat(topics.payloads(topic, "large")).containsExactly("1", "2");
      assertThat(sender.parked().counts().keys()).isZero();

      topics.maxMessageBytes(topic, 40_000);
      assertThat(sender.parked().retry(CONSUMER, large.id(), "operator")).isTrue();
      await().atMost(SOON).until(() -> topics.payloads(topic, "large").size() == 3);
      assertThat(topics.payloads(topic, "large")).containsExactly("1", "2", "x".repeat(30_000));
    }
  }

  @Test
  void messageTooLargeForTheProducerIsParked() {
    topics.create(topic, 1);
    topics.maxMessageBytes(topic, 10_000_000);
    try (Sender sender = sender()) {
      sender.send("key", "1");
      OutboxMessage large = sender.send("key", "x".repeat(2_000_000)); // max.request.size: 1 MiB
      sender.send("key", "2");
      sender.send("other", "1");
      sender.awaitDone();
      assertThat(topics.payloads(topic, "key")).containsExactly("1");
      assertThat(topics.payloads(topic, "other")).containsExactly("1");
      assertThat(sender.parked().find(CONSUMER, large.id()).orElseThrow().reason())
          .isEqualTo(ParkReason.TOO_LARGE);
    }
  }

  @Test
  void messageTooLargeForTheProducerStaysBehindThoseOfItsTopicThatHasGone() {
    topics.create(topic, 1);
    topics.maxMessageBytes(topic, 10_000_000);
    try (Sender sender = sender()) {
      sender.send("key", "before");
      sender.awaitDone();
      topics.delete(topic);
      for (int n = 1; n <= 5; n++) {
        sender.send("key", "" + n); // the producer takes them and waits
      }
      OutboxMessage large = sender.send("key", "x".repeat(2_000_000));
      sender.send("key", "6");
      sender.awaitDone(); // parked, all of them
      topics.create(topic, 1);
      await().atMost(SOON).until(() -> topics.payloads(topic, "key").equals(numbers(1, 5)));
      await().atMost(SOON).until(() -> sender.parked().deadLetters(10).size() == 1);
      assertThat(sender.parked().deadLetters(1).get(0).message()).isEqualTo(large);
      assertThat(sender.parked().discard(CONSUMER, large.id(), "operator", "a test")).isTrue();
      await().atMost(SOON).until(() -> sender.parked().counts().keys() == 0);
      assertThat(topics.payloads(topic, "key")).containsExactlyElementsOf(numbers(1, 6));
    }
  }

  @Test
  void recordThatTheBrokerRefusesIsParkedAndNoLaterOneOfItsKeyArrives() {
    topics.create(topic, 2);
    try (Sender sender = sender()) {
      sender.send("key", "first"); // the limit is known now
      sender.awaitDone();
      topics.maxMessageBytes(topic, 10_000);
      for (int n = 1; n <= 30; n++) {
        sender.send("key", "" + n);
      }
      OutboxMessage refused = sender.send("key", "x".repeat(20_000));
      OutboxMessage refusedToo = null;
      for (int n = 31; n <= 500; n++) {
        sender.send("key", "" + n);
        sender.send("other-" + n % 7, "" + n);
        if (n == 60) {
          refusedToo = sender.send("key-2", "x".repeat(30_000));
        }
      }
      sender.awaitDone();
      assertThat(sender.parked().deadLetters(10))
          .extracting(ParkedMessage::message)
          .containsExactly(refused, refusedToo);
      List<String> expected = new ArrayList<>(List.of("first"));
      expected.addAll(numbers(1, 30));
      assertThat(firsts(topics.payloads(topic, "key"))).containsExactlyElementsOf(expected);
      for (int k = 0; k < 7; k++) {
        assertThat(firsts(topics.payloads(topic, "other-" + k)))
            .hasSizeGreaterThan(60)
            .isSortedAccordingTo(
                (a, b) -> Integer.compare(Integer.parseInt(a), Integer.parseInt(b)));
      }

      topics.maxMessageBytes(topic, 100_000);
      assertThat(sender.parked().retry(CONSUMER, refused.id(), "operator")).isTrue();
      for (int n = 501; n <= 600; n++) {
        sender.send("key", "" + n);
      }
      assertThat(sender.parked().discard(CONSUMER, refusedToo.id(), "operator", "a test")).isTrue();
      sender.send("key-2", "after");
      await().atMost(SOON).until(() -> sender.parked().counts().keys() == 0);
      sender.awaitDone();
      expected.add("x".repeat(20_000));
      expected.addAll(numbers(31, 600));
      assertThat(firsts(topics.payloads(topic, "key"))).containsExactlyElementsOf(expected);
      assertThat(topics.payloads(topic, "key-2")).containsExactly("after");
      assertThat(sender.parked().find(CONSUMER, refusedToo.id()).orElseThrow().state())
          .isEqualTo(ParkedState.DISCARDED);
    }
  }

  @Test
  void nothingOvertakesARefusedRecordWhileThePumpIsAtTheDatabase() {
    topics.create(topic, 1);
    topics.maxMessageBytes(topic, 200_000); // batches of small ones pass
    try (Sender sender = sender()) {
      sender.send("parked", "x".repeat(2_000_000)); // refused by the producer: the key is parked
      sender.send("key", "first"); // the limit is known now
      sender.awaitDone();
      topics.maxMessageBytes(topic, 10_000);
      OutboxMessage refused = sender.send("key", "x".repeat(20_000));
      for (int n = 1; n <= 50; n++) {
        sender.send("key", "" + n);
        sender.send("parked", "" + n); // queues behind, while the producer goes on by itself
      }
      sender.awaitDone();
      assertThat(topics.payloads(topic, "key")).containsExactly("first");
      assertThat(sender.parked().discard(CONSUMER, refused.id(), "operator", "a test")).isTrue();
      await().atMost(SOON).until(() -> sender.parked().counts().keys() == 1);
      List<String> expected = new ArrayList<>(List.of("first"));
      expected.addAll(numbers(1, 50));
      assertThat(topics.payloads(topic, "key")).containsExactlyElementsOf(expected);
    }
  }

  @Test
  void topicThatTakesLessThanABatchTakesAllMessagesInOrder() {
    topics.create(topic, 1);
    topics.maxMessageBytes(topic, 5_000); // batches are up to 128 KiB
    try (Sender sender = sender()) {
      List<String> expected = new ArrayList<>();
      for (int n = 1; n <= 300; n++) {
        expected.add(n + "x".repeat(1_000));
        sender.send("key", n + "x".repeat(1_000));
      }
      sender.awaitDone();
      assertThat(firsts(topics.payloads(topic, "key"))).containsExactlyElementsOf(expected);
      assertThat(sender.parked().counts().keys()).isZero();
    }
  }

  @Test
  void fencedSessionParksNothingAndFails() throws SQLException {
    topics.create(topic, 1);
    topics.maxMessageBytes(topic, 10_000);
    try (Sender sender = sender()) {
      sender.send("key", "1");
      sender.awaitDone();
      try (Connection connection = database.dataSource().getConnection();
          Statement statement = connection.createStatement()) {
        statement.executeUpdate("UPDATE evenkeel.relay_state SET epoch = epoch + 1");
      }
      OutboxMessage large = sender.send("key", "x".repeat(20_000));
      OutboxMessage later = sender.send("key", "2");
      await().atMost(SOON).until(() -> !sender.failures().isEmpty());
      assertThat(sender.failures().get(0)).hasMessageContaining("nothing can be parked");
      assertThat(sender.isAcknowledged(large)).isFalse();
      assertThat(sender.isAcknowledged(later)).isFalse();
      assertThat(count("true")).isZero();
      assertThat(topics.payloads(topic, "key")).containsExactly("1");
      OutboxMessage last = sender.send("key", "3");
      await().atMost(SOON).until(() -> sender.failures().size() >= 2);
      assertThat(sender.isAcknowledged(last)).isFalse();
    }
  }

  @Test
  void producerThatCanNotBeMadeIsAFindingAndHoldsWhatIsHandedOver() {
    try (Sender sender =
        new Sender(
            database,
            Broker.client(),
            names,
            Duration.ofSeconds(1),
            Map.of("sasl.mechanism", "NONE", "security.protocol", "SASL_SSL"))) {
      sender.send("key", "1");
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(sender.findings())
                      .anySatisfy(f -> assertThat(f).contains("a producer can't be made")));
      assertThat(sender.acknowledged()).isZero();
      assertThat(sender.parked().counts().keys()).isZero();
    }
  }

  private long count(String condition) {
    return database
        .transactions()
        .execute(
            status ->
                new JdbcTemplate(database.dataSource())
                    .queryForObject(
                        "SELECT count(*) FROM evenkeel.parked_message WHERE " + condition,
                        Long.class));
  }

  private static List<String> numbers(int from, int to) {
    List<String> numbers = new ArrayList<>();
    for (int n = from; n <= to; n++) {
      numbers.add("" + n);
    }
    return numbers;
  }

  /** In the order of their first delivery. */
  private static List<String> firsts(List<String> payloads) {
    return payloads.stream().distinct().toList();
  }
}
