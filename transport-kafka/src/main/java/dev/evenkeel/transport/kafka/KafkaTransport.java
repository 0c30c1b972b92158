package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.producer.KafkaProducer;

/**
 * Sends messages to Kafka, one producer per term of leadership and installation.
 *
 * <p>Messages of one aggregate go to one partition in commit order, at least once: after a restart,
 * an error or a change of leader some come again, none out of order for the first time. What the
 * broker refuses waits in the parked messages of consumer {@code transport:kafka}, and what follows
 * it in its key behind it. Thread-safe.
 */
public final class KafkaTransport implements Transport {

  private static final Duration ADMIN_PATIENCE = Duration.ofSeconds(2);

  private final KafkaTransportOptions options;
  private final Map<String, Object> producer;
  private final Map<String, Object> admin;
  private final RecordFormat format;
  private final Function<String, ParkedStore> parked;
  private final Map<String, KafkaSession> sessions = new ConcurrentHashMap<>();

  /**
   * Makes a transport; it connects when a relay leads.
   *
   * @param producer settings of a Kafka producer, such as {@code bootstrap.servers} and security;
   *     those that would lose or reorder messages are refused
   * @param parked the parked messages of an installation, by its name
   * @throws IllegalArgumentException if a setting of the producer is refused
   */
  public KafkaTransport(
      KafkaTransportOptions options,
      Map<String, Object> producer,
      Function<String, ParkedStore> parked) {
    this.options = options;
    this.producer = ProducerSettings.of(producer);
    this.admin = adminSettings(producer);
    this.format = new RecordFormat(options.topics(), options.source(), options.contentType());
    this.parked = parked;
  }

  private static Map<String, Object> adminSettings(Map<String, Object> producer) {
    Map<String, Object> settings = new HashMap<>(producer);
    settings.keySet().retainAll(AdminClientConfig.configNames());
    int patience = (int) ADMIN_PATIENCE.toMillis();
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, patience);
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, patience);
    return settings;
  }

  @Override
  public String name() {
    return "kafka";
  }

  @Override
  public boolean inProcess() {
    return false;
  }

  @Override
  public boolean receiversReadSource() {
    return options.receiversReadSource();
  }

  /** Empty while this process does not lead. */
  @Override
  public List<String> findings() {
    List<String> findings = new ArrayList<>();
    sessions.values().forEach(session -> findings.addAll(session.findings()));
    return List.copyOf(findings);
  }

  @Override
  public Session open(Leadership leadership) {
    String installation = leadership.installation();
    ParkedStore store = parked.apply(installation);
    KafkaSession session =
        new KafkaSession(
            options,
            format,
            onChange -> new Outlet(new KafkaProducer<>(producer), onChange),
            new TopicChecks(
                admin,
                options.createTopics(),
                options.window(),
                ProducerSettings.uncompressed(producer),
                ADMIN_PATIENCE),
            store,
            leadership);
    KafkaReleases releases =
        new KafkaReleases(
            options, format, session, () -> new KafkaProducer<>(producer), store, installation);
    sessions.put(installation, session);
    session.start();
    releases.start();
    return new Session() {
      @Override
      public void send(OutboxMessage message, Acknowledgement acknowledgement) {
        session.send(message, acknowledgement);
      }

      @Override
      public void close() {
        sessions.remove(installation, session);
        try {
          releases.shutDown();
        } finally {
          session.close();
          releases.close();
        }
      }
    };
  }
}
