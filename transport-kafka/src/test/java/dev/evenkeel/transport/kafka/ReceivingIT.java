package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.testing.EvenkeelDatabase;
import dev.evenkeel.testing.database.PostgresServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;
import tools.jackson.databind.json.JsonMapper;

/** One member, and what may come by a partition. */
class ReceivingIT {

  @Test
  void recordsThatAreNoMessagesAreDeadLettersAndHoldNobody() {
    try (Group group = new Group(1);
        Member member = new Member(group.orders("a")).start()) {
      List<ProducerRecord<byte[], byte[]>> broken = new ArrayList<>();
      broken.add(without(group, "id"));
      broken.add(without(group, "type"));
      broken.add(without(group, "version"));
      broken.add(with(group, "id", "not-a-uuid"));
      broken.add(with(group, "version", "one"));
      broken.add(with(group, "version", "99999999999"));
      broken.add(with(group, "created_at", "yesterday"));
      broken.add(with(group, "created_at", "-99999-01-01T00:00:00Z"));
      broken.add(with(group, "created_at", "+999999-01-01T00:00:00Z"));
      broken.add(with(group, "headers", "{\"a\""));
      broken.add(with(group, "headers", "{\"a\":\"\\u0000\"}"));
      broken.add(with(group, "type", "a\0b"));
      broken.add(record(group, "k\0", "{}".getBytes(StandardCharsets.UTF_8)));
      broken.add(record(group, "x".repeat(5_000), "{}".getBytes(StandardCharsets.UTF_8)));
      broken.add(record(group, null, "{}".getBytes(StandardCharsets.UTF_8)));
      broken.add(record(group, "k", null));
      broken.add(new ProducerRecord<>(group.topic(), null, null));
      for (ProducerRecord<byte[], byte[]> record : broken) {
        group.producer().send(record);
        group.send("fine", 1);
      }
      group.awaitAllAndVerify();
      List<ParkedMessage> dead = parked(group);
      assertThat(dead).hasSameSizeAs(broken);
      assertThat(dead)
          .allSatisfy(
              parked -> {
                assertThat(parked.consumer()).isEqualTo("*");
                assertThat(parked.reason()).isEqualTo(ParkReason.UNREADABLE);
                assertThat(parked.error()).isNotBlank();
              });
    }
  }

  private static List<ParkedMessage> parked(Group group) {
    ParkedMessages parked = group.parked();
    return new JdbcTemplate(group.database().dataSource())
        .query(
            "SELECT consumer, message_id FROM evenkeel.parked_message ORDER BY position",
            (row, n) -> parked.find(row.getString(1), row.getObject(2, UUID.class)).orElseThrow());
  }

  private static ProducerRecord<byte[], byte[]> record(Group group, String key, byte[] value) {
    ProducerRecord<byte[], byte[]> good =
        group.record(OutboxMessage.of("t", 1, "a", "k", new byte[0]));
    return new ProducerRecord<>(
        group.topic(),
        null,
        null,
        key == null ? null : key.getBytes(StandardCharsets.UTF_8),
        value,
        good.headers());
  }

  private static ProducerRecord<byte[], byte[]> without(Group group, String header) {
    ProducerRecord<byte[], byte[]> record = record(group, "k", new byte[] {'{', '}'});
    record.headers().remove(header);
    return record;
  }

  private static ProducerRecord<byte[], byte[]> with(Group group, String header, String value) {
    ProducerRecord<byte[], byte[]> record = without(group, header);
    record.headers().add(new RecordHeader(header, value.getBytes(StandardCharsets.UTF_8)));
    return record;
  }

  /** Takes commands of no class. */
  private record Commands(List<OutboxMessage> handled) implements DirectHandler {

    @Override
    public String consumer() {
      return "participant:shipping";
    }

    @Override
    public String type() {
      return "ship-order";
    }

    @Override
    public String aggregateType() {
      return "saga-command.shipping";
    }

    @Override
    public void handle(OutboxMessage message, TransactionTarget target, Began began) {
      handled.add(message);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"." + TopicNames.PLACEHOLDER, ".all"})
  void directHandlersAreServedFromTheTopicOfTheirAggregateType(String pattern) {
    String name = "d" + UUID.randomUUID();
    TopicNames names = new TopicNames(name + pattern);
    Commands commands = new Commands(new CopyOnWriteArrayList<>());
    EventTypes types = EventTypes.of(List.of());
    KafkaInboxOptions d = KafkaInboxOptions.defaults(name, "node");
    try (EvenkeelDatabase database = EvenkeelDatabase.create();
        Topics topics = Broker.topics().create(names.topic(commands.aggregateType()), 2);
        Producer<byte[], byte[]> producer = topics.producer()) {
      KafkaInbox inbox =
          new KafkaInbox(
              new KafkaInboxOptions(
                  d.group(),
                  d.node(),
                  names,
                  d.lanes(),
                  d.maxInFlight(),
                  d.maxInFlightBytes(),
                  d.commitInterval()),
              Broker.client(),
              types,
              InboxHandlers.builder(types, new JsonPayloadCodec(JsonMapper.shared()))
                  .addDirect(commands)
                  .build(),
              database.receiver(),
              new ParkedStore(
                  database.dataSource(),
                  database.schema(),
                  MessageObserver.NONE,
                  TimeSource.SYSTEM),
              MessageObserver.NONE);
      inbox.start();
      try {
        OutboxMessage command =
            OutboxMessage.of(
                commands.type(), 1, commands.aggregateType(), "k", new byte[] {'{', '}'});
        producer.send(new RecordFormat(names, "/test", "application/json").record(command));
        producer.flush();

        await().atMost(Group.SOON).until(() -> commands.handled().size() == 1);
        assertThat(commands.handled()).containsExactly(command);
        assertThat(commands.handled().get(0).aggregateType()).isEqualTo("saga-command.shipping");
      } finally {
        inbox.stop();
      }
    }
  }

  @Test
  void slowHandlersHoldThePollingBackAndTheMemberStaysInItsGroup() {
    try (Group group = new Group(3)) {
      for (int n = 0; n < 100_000; n++) {
        group.send("key-" + n % 300, 1);
      }
      group.producer().flush();
      KafkaInboxOptions d = Member.options(group.orders("a"));
      int bound = 1_000;
      KafkaInboxOptions options =
          new KafkaInboxOptions(
              d.group(),
              d.node(),
              d.topics(),
              d.lanes(),
              bound,
              d.maxInFlightBytes(),
              d.commitInterval());
      try (Member member = new Member(group.orders("a", 20_000), options, null).start()) {
        long began = System.nanoTime();
        await()
            .atMost(Group.SOON)
            .until(
                () -> {
                  KafkaInboxStatus status = member.inbox().status();
                  assertThat(status.findings()).isEmpty();
                  assertThat(status.partitions().stream().mapToInt(p -> p.open()).sum())
                      .isLessThanOrEqualTo(bound + 500); // what one poll brings passes whole
                  return group.journal().effects() > 500
                      && System.nanoTime() - began > TimeUnit.SECONDS.toNanos(10);
                });
        assertThat(member.inbox().status().partitions())
            .hasSize(3)
            .allSatisfy(partition -> assertThat(partition.epoch()).isOne());
        assertThat(group.journal().firstAttempts().values())
            .allSatisfy(
                numbers ->
                    assertThat(numbers)
                        .isEqualTo(IntStream.rangeClosed(1, numbers.size()).boxed().toList()));
      }
    }
  }

  @Test
  void keysParkedByTheRelayAreAdoptedByTheirPartitions() {
    try (Group group = new Group(4)) {
      for (int k = 0; k < 20; k++) {
        for (int n = 0; n < 3; n++) { // the first is a dead letter, the others queue behind it
          group
              .parked()
              .park(
                  Fence.relay(0),
                  Member.CONSUMER,
                  group.message("key-" + k),
                  ParkReason.HANDLER_FAILED,
                  "failed",
                  k % 2 == 0 ? Duration.ZERO : null);
        }
      }
      Member first = new Member(group.orders("a")).start();
      Member second = new Member(group.orders("b")).start();
      for (int k = 0; k < 20; k++) {
        group.send("key-" + k, 5);
      }
      await().atMost(Group.SOON).until(() -> group.parked().counts().keys() == 10);
      for (ParkedMessage dead : group.parked().deadLetters(100)) {
        assertThat(group.parked().retry(Member.CONSUMER, dead.message().id(), "me")).isTrue();
      }
      await().atMost(Group.SOON).until(() -> group.parked().counts().keys() == 0);
      group.awaitAllAndVerify();
      first.close();
      second.close();
    }
  }

  @Test
  void databaseThatIsAwayParksItsKeysAndReleasesThemInOrder() {
    try (Group group = new Group(2);
        PostgresServer server = PostgresServer.builder().start();
        HikariDataSource far = Journal.pool(server.createDatabase("far"), 8)) {
      far.setConnectionTimeout(500);
      new SchemaMigration(Member.SCHEMA).migrate(far);
      Journal farJournal = Journal.create(far);
      try (Member member =
          new Member(group.orders("a"), Member.options(group.orders("a")), far).start()) {
        sendBoth(group, 1);
        await().atMost(Group.SOON).until(() -> farJournal.effects() == 2);
        server.stop(PostgresServer.Mode.IMMEDIATE);
        sendBoth(group, 20);
        await().atMost(Group.SOON).until(() -> group.journal().effects("near") == 21);
        await()
            .atMost(Group.SOON)
            .until(
                () ->
                    group
                            .journal()
                            .count(
                                "SELECT count(*) FROM evenkeel.parked_message WHERE reason ="
                                    + " 'OUTAGE' AND state = 'RETRYING'")
                        == 2);
        // All are parked, so the partitions are done with them.
        await()
            .atMost(Group.SOON)
            .until(() -> group.topics().lag(group.name(), group.topic()) == 0);
        server.start();
        sendBoth(group, 20);
        await().atMost(Group.SOON).until(() -> member.parked().counts().keys() == 0);
        await().atMost(Group.SOON).until(() -> farJournal.effects() == 82);
        List<Integer> inOrder = IntStream.rangeClosed(1, 41).boxed().toList();
        assertThat(farJournal.effectsByKey())
            .containsEntry("far-a", inOrder)
            .containsEntry("far-b", inOrder)
            .hasSize(2);
        assertThat(group.journal().effectsByKey()).containsEntry("near", inOrder);
        assertThat(
                group
                    .journal()
                    .count("SELECT count(*) FROM evenkeel.parked_message WHERE attempts > 0"))
            .isZero();
      }
    }
  }

  private static void sendBoth(Group group, int count) {
    group.send("far-a", count);
    group.send("far-b", count);
    group.send("near", count);
    group.producer().flush();
  }
}
