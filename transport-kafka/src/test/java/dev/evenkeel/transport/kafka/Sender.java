package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.EvenkeelDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A relay as the transport sees it: one term that hands messages over and notes what is done. */
final class Sender implements AutoCloseable {

  static final Duration SOON = Duration.ofSeconds(60);

  /** Parked ones come back at once, so that tests are quick. */
  static final LaneOptions RETRIES =
      new LaneOptions(
          4,
          1,
          Duration.ZERO,
          3,
          Duration.ofMillis(50),
          Duration.ofMillis(200),
          Duration.ofSeconds(1),
          Duration.ofSeconds(2));

  private final TopicNames names;
  private final KafkaTransport transport;
  private final HikariDataSource pool;
  private final ParkedStore parked;
  private final Transport.Session session;
  private final Set<UUID> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicInteger repeated = new AtomicInteger();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final ConcurrentLinkedQueue<OutboxMessage> sent = new ConcurrentLinkedQueue<>();

  Sender(EvenkeelDatabase database, Map<String, Object> client, TopicNames names) {
    this(database, client, names, Duration.ofSeconds(1), Map.of());
  }

  Sender(
      EvenkeelDatabase database,
      Map<String, Object> client,
      TopicNames names,
      Duration topicBudget,
      Map<String, Object> producerSettings) {
    this(database, client, names, topicBudget, producerSettings, false);
  }

  Sender(
      EvenkeelDatabase database,
      Map<String, Object> client,
      TopicNames names,
      Duration topicBudget,
      Map<String, Object> producerSettings,
      boolean skipsDeadLetters) {
    this.names = names;
    this.pool = Journal.pool(database.info(), 4);
    this.parked = new ParkedStore(pool, database.schema(), MessageObserver.NONE, TimeSource.SYSTEM);
    Map<String, Object> producer = new HashMap<>(client);
    producer.putAll(producerSettings);
    KafkaTransportOptions d = KafkaTransportOptions.defaults("/test");
    this.transport =
        new KafkaTransport(
            new KafkaTransportOptions(
                names,
                d.source(),
                d.contentType(),
                false,
                topicBudget,
                RETRIES,
                d.window(),
                d.receiversReadSource(),
                skipsDeadLetters),
            producer,
            installation -> parked);
    this.session = transport.open(leader(0));
  }

  static Leadership leader(long epoch) {
    return new Leadership() {
      @Override
      public long epoch() {
        return epoch;
      }

      @Override
      public boolean mayDispatch() {
        return true;
      }
    };
  }

  /** Of the contract's aggregate type. */
  OutboxMessage send(String key, String payload) {
    return send(ContractEvent.AGGREGATE_TYPE, key, payload);
  }

  OutboxMessage send(String aggregateType, String key, String payload) {
    return send(
        OutboxMessage.of(
            ContractEvent.TYPE, 1, aggregateType, key, payload.getBytes(StandardCharsets.UTF_8)));
  }

  OutboxMessage send(OutboxMessage message) {
    sent.add(message);
    session.send(
        message,
        new Acknowledgement() {
          @Override
          public void acknowledge() {
            if (!acknowledged.add(message.id())) {
              repeated.incrementAndGet();
            }
          }

          @Override
          public void fail(Throwable cause) {
            failures.add(cause);
          }
        });
    return message;
  }

  boolean isAcknowledged(OutboxMessage message) {
    return acknowledged.contains(message.id());
  }

  int acknowledged() {
    return acknowledged.size();
  }

  Set<UUID> acknowledgedIds() {
    return Set.copyOf(acknowledged);
  }

  int open() {
    return sent.size() - acknowledged.size();
  }

  List<OutboxMessage> sent() {
    return List.copyOf(sent);
  }

  List<Throwable> failures() {
    return failures;
  }

  List<String> findings() {
    return transport.findings();
  }

  ParkedStore parked() {
    return parked;
  }

  String topic(String aggregateType) {
    return names.topic(aggregateType);
  }

  String topic() {
    return topic(ContractEvent.AGGREGATE_TYPE);
  }

  /** Waits until everything is acknowledged, each once. */
  void awaitDone() {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(failures).isEmpty();
              assertThat(open()).as("not acknowledged").isZero();
            });
    assertThat(repeated.get()).as("acknowledged twice").isZero();
  }

  @Override
  public void close() {
    session.close();
    pool.close();
  }
}
