package dev.evenkeel.transport.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/** Looks at a topic before the first record goes there. Confined to one thread at a time. */
final class TopicChecks implements AutoCloseable {

  /** What is known of a topic. */
  sealed interface Finding {

    /**
     * Records may go there.
     *
     * @param maxMessageBytes largest batch the topic takes, as far as known
     * @param warnings what is risky, in sentences
     */
    record Usable(int maxMessageBytes, List<String> warnings) implements Finding {}

    /** It does not exist or may not be used; the broker itself answers. */
    record Unusable(String reason) implements Finding {}

    /** The broker does not answer. */
    record BrokerAway(String reason) implements Finding {}
  }

  private static final long NEW_TOPIC_LOOK_MILLIS = 20;

  /** A missing right to write is told by the producer only when it is too late to hold a topic. */
  private static final DescribeTopicsOptions WITH_RIGHTS =
      new DescribeTopicsOptions().includeAuthorizedOperations(true);

  private final Map<String, Object> properties;
  private final boolean createTopics;
  private final Duration window;
  private final boolean sizeTells;
  private final Duration patience;
  private @Nullable Admin admin;

  /**
   * Makes checks; nothing connects before the first.
   *
   * @param properties of an admin client
   * @param createTopics whether to make a topic that is missing, with the broker's defaults
   * @param window how long receivers remember a message; a topic that keeps it longer can repeat it
   * @param sizeTells whether a record's size is what the topic compares; not with compression
   * @param patience longest wait for an answer
   */
  TopicChecks(
      Map<String, Object> properties,
      boolean createTopics,
      Duration window,
      boolean sizeTells,
      Duration patience) {
    this.properties = properties;
    this.createTopics = createTopics;
    this.window = window;
    this.sizeTells = sizeTells;
    this.patience = patience;
  }

  /** Looks. Takes as long as the broker, at most a few times the patience. */
  Finding check(String topic) throws InterruptedException {
    if (!TopicNames.legal(topic)) {
      return new Finding.Unusable(
          "\"%s\" is not a legal name of a topic; name the aggregate type with letters, digits, '.', '_' and '-' or set evenkeel.kafka.topic"
              .formatted(topic));
    }
    try {
      TopicDescription description = describe(topic);
      Set<AclOperation> rights = description.authorizedOperations();
      if (rights != null && !rights.contains(AclOperation.WRITE)) {
        return new Finding.Unusable(
            "topic %s may not be written by this process; grant it WRITE".formatted(topic));
      }
      return usable(description, configuration(topic));
    } catch (ExecutionException e) {
      return unusable(topic, e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException | RuntimeException e) {
      return new Finding.BrokerAway("no broker answers: " + e);
    }
  }

  private TopicDescription describe(String topic)
      throws InterruptedException, ExecutionException, TimeoutException {
    try {
      return the(client().describeTopics(List.of(topic), WITH_RIGHTS).allTopicNames());
    } catch (ExecutionException e) {
      if (!createTopics || !(e.getCause() instanceof UnknownTopicOrPartitionException)) {
        throw e;
      }
    }
    try {
      NewTopic byDefault = new NewTopic(topic, Optional.empty(), Optional.empty());
      get(client().createTopics(List.of(byDefault)).all());
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) { // another process was quicker
        throw e;
      }
    }
    return describeNew(topic);
  }

  /** The broker that answers may learn of the topic a little later than the one that made it. */
  private TopicDescription describeNew(String topic)
      throws InterruptedException, ExecutionException, TimeoutException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        return the(client().describeTopics(List.of(topic), WITH_RIGHTS).allTopicNames());
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
            || System.nanoTime() - deadline > 0) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(NEW_TOPIC_LOOK_MILLIS);
      }
    }
  }

  /** Null when this process may not read it. */
  private @Nullable Config configuration(String topic)
      throws InterruptedException, ExecutionException, TimeoutException {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try {
      return the(client().describeConfigs(List.of(resource)).all());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        return null;
      }
      throw e;
    }
  }

  private Finding usable(TopicDescription topic, @Nullable Config config) {
    if (config == null) {
      return new Finding.Usable(Integer.MAX_VALUE, List.of());
    }
    List<String> warnings = new ArrayList<>();
    int replicas = topic.partitions().stream().mapToInt(p -> p.replicas().size()).min().orElse(0);
    int inSync = number(config, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, 1);
    if (replicas < 2 || inSync < 2) {
      warnings.add(
          "topic %s has %d replicas and min.insync.replicas=%d: the loss of one broker can lose acknowledged messages; use 3 and 2"
              .formatted(topic.name(), replicas, inSync));
    }
    if (inSync > replicas) {
      warnings.add(
          "topic %s asks for min.insync.replicas=%d but has %d replicas: nothing can be written to it"
              .formatted(topic.name(), inSync, replicas));
    }
    ConfigEntry policy = config.get(TopicConfig.CLEANUP_POLICY_CONFIG);
    if (policy != null && policy.value().contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
      warnings.add(
          "topic %s is compacted: only the last message of each aggregate is kept"
              .formatted(topic.name()));
    }
    long retention = retention(config);
    if (retention < 0 || retention > window.toMillis()) {
      warnings.add(
          "topic %s keeps messages longer (retention.ms=%d) than receivers remember them (evenkeel.inbox.window=%s): one that is read again after that is a dead letter, EXPIRED"
              .formatted(topic.name(), retention, window));
    }
    return new Finding.Usable(
        sizeTells
            ? number(config, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.MAX_VALUE)
            : Integer.MAX_VALUE,
        List.copyOf(warnings));
  }

  private static long retention(Config config) {
    ConfigEntry entry = config.get(TopicConfig.RETENTION_MS_CONFIG);
    return entry == null || entry.value() == null ? 0 : Long.parseLong(entry.value());
  }

  private static int number(Config config, String name, int unknown) {
    ConfigEntry entry = config.get(name);
    return entry == null || entry.value() == null ? unknown : Integer.parseInt(entry.value());
  }

  private Finding unusable(String topic, Throwable cause) {
    if (cause instanceof UnknownTopicOrPartitionException) {
      return new Finding.Unusable(
          "topic %s does not exist; create it, or set evenkeel.kafka.create-topics=true"
              .formatted(topic));
    }
    return cause instanceof RetriableException
        ? new Finding.BrokerAway("topic %s can't be looked at: %s".formatted(topic, cause))
        : new Finding.Unusable("topic %s can't be used: %s".formatted(topic, cause));
  }

  private <T> T the(KafkaFuture<? extends Map<?, T>> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return get(future).values().iterator().next();
  }

  private <T> T get(KafkaFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private Admin client() {
    if (admin == null) {
      admin = Admin.create(properties);
    }
    return admin;
  }

  /** Never waits for the broker. */
  @Override
  public void close() {
    if (admin != null) {
      admin.close(Duration.ZERO);
    }
  }
}
