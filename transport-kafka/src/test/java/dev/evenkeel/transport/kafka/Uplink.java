package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.relay.ConnectConnector;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.relay.JanitorOptions;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import tools.jackson.databind.json.JsonMapper;

/** An installation whose messages are relayed to Kafka, by one or the other. */
final class Uplink implements AutoCloseable {

  static final Duration SOON = Duration.ofSeconds(60);

  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.builder().build());

  private final EvenkeelDatabase database;
  private final JdbcTemplate sql;
  private final TopicNames names =
      new TopicNames("u" + UUID.randomUUID() + "." + TopicNames.PLACEHOLDER);
  private final Topics topics = Broker.topics();
  private final Outbox outbox;
  private final AtomicInteger nodes = new AtomicInteger();
  private @Nullable Relay relay;

  /** Of a database of somebody else's, who closes it after this. */
  Uplink(EvenkeelDatabase database, int partitions) {
    this.database = database;
    this.sql = new JdbcTemplate(database.dataSource());
    this.outbox = database.outbox(EventTypes.of(List.of(ContractEvent.class)), CODEC);
    topics.create(topic(), partitions);
    topics.create("__debezium-heartbeat." + connector().config().get("topic.prefix"), 1);
  }

  EvenkeelDatabase database() {
    return database;
  }

  JdbcTemplate sql() {
    return sql;
  }

  TopicNames names() {
    return names;
  }

  Topics topics() {
    return topics;
  }

  String topic() {
    return names.topic(ContractEvent.AGGREGATE_TYPE);
  }

  private ConnectionSettings settings() {
    return new ConnectionSettings(
        database.info().jdbcUrl(), database.info().username(), database.info().password());
  }

  private RelayOptions options(RelayMode mode) {
    RelayOptions d = RelayOptions.defaults(database.schema(), "node-" + nodes.incrementAndGet());
    return new RelayOptions(
            d.schema(),
            d.node(),
            Duration.ofSeconds(3),
            Duration.ofMillis(100),
            Duration.ofMillis(300),
            d.pollInterval(),
            d.maxInFlight(),
            d.maxInFlightBytes(),
            Duration.ofSeconds(5),
            new JanitorOptions(Duration.ofMillis(500), Duration.ofHours(6), Duration.ofDays(10)))
        .withMode(mode);
  }

  /** As {@code bin/connect-config} makes it. */
  ConnectConnector connector() {
    return ConnectConnector.of(
        options(RelayMode.CONNECT),
        settings(),
        database.info().password(),
        names.pattern(),
        1 << 20);
  }

  /** A process that would have it relayed so, in the place of the one before. */
  Relay relay(RelayMode mode) {
    stopRelay();
    ParkedStore parked =
        new ParkedStore(
            database.dataSource(), database.schema(), MessageObserver.NONE, TimeSource.SYSTEM);
    KafkaTransportOptions d = KafkaTransportOptions.defaults("/test");
    Relay started =
        new Relay(
            options(mode),
            settings(),
            new KafkaTransport(
                new KafkaTransportOptions(
                    names,
                    d.source(),
                    d.contentType(),
                    false,
                    d.topicBudget(),
                    Sender.RETRIES,
                    d.window(),
                    false,
                    false),
                Broker.client(),
                installation -> parked),
            new ConsumerRegistry(database.dataSource(), database.schema()),
            Set.of(),
            MessageObserver.NONE);
    started.start();
    relay = started;
    return started;
  }

  void stopRelay() {
    Relay running = relay;
    relay = null;
    if (running != null) {
      running.stop();
    }
  }

  Relay await(RelayMode mode, RelayState state) {
    Relay started = relay(mode);
    awaitState(started, state);
    return started;
  }

  static void awaitState(Relay relay, RelayState state) {
    Awaitility.await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(relay.status().state()).as("%s", relay.status()).isEqualTo(state));
  }

  /** One transaction. */
  List<OutboxMessage> append(List<OutboxMessage> messages) {
    database.transactions().executeWithoutResult(tx -> messages.forEach(outbox::append));
    return messages;
  }

  static OutboxMessage message(String key, int number) {
    return OutboxMessage.of(
        ContractEvent.TYPE,
        1,
        ContractEvent.AGGREGATE_TYPE,
        key,
        "{\"key\":\"%s\",\"number\":%d}".formatted(key, number).getBytes(StandardCharsets.UTF_8));
  }

  /** Ids in the topic, by key, each where it came first. */
  Map<String, Set<String>> firstIds() {
    Map<String, Set<String>> ids = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : topics.records(topic())) {
      String id = RecordFormat.text(record.headers().lastHeader(RecordFormat.ID).value());
      ids.computeIfAbsent(RecordFormat.text(record.key()), key -> new LinkedHashSet<>()).add(id);
    }
    return ids;
  }

  /** Ids in the topic. */
  Set<String> ids() {
    Set<String> ids = new HashSet<>();
    firstIds().values().forEach(ids::addAll);
    return ids;
  }

  long count(String query, Object... arguments) {
    Long count = sql.queryForObject(query, Long.class, arguments);
    return count == null ? 0 : count;
  }

  String slot() {
    return connector().config().get("slot.name");
  }

  /** Messages that do not count as published. */
  long unpublished() {
    return count(
        """
        SELECT count(*) FROM evenkeel.outbox, evenkeel.relay_state
         WHERE published IS NULL OR reconciling OR NOT pg_visible_in_snapshot(xid::text::xid8, published)
        """);
  }

  /** Waits until everything that has been appended counts as published. */
  void awaitPublished() {
    Awaitility.await().atMost(SOON).until(() -> unpublished() == 0);
  }

  @Override
  public void close() {
    stopRelay();
    topics.close();
  }
}
