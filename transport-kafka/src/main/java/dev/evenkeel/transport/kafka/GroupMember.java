package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.delivery.InboxLanes;
import dev.evenkeel.outbox.spi.Fence;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One membership in the group, from joining to leaving, on one thread.
 *
 * <p>A partition that is assigned is first claimed in the database, which fences out its former
 * owner, and only then polled. A partition that is taken away begins nothing more, waits for what
 * is under way, commits how far it came, and only then is let go.
 */
final class GroupMember implements ConsumerRebalanceListener, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(GroupMember.class);

  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long CLAIM_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long ADOPT_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final int KEYS_PER_PAGE = 1_000;
  private static final int OPEN_PER_IN_FLIGHT = 4;

  private final KafkaInboxOptions options;
  private final Consumer<byte[], byte[]> consumer;
  private final Duration sessionTimeout;
  private final SubscribedTopics topics;
  private final Set<String> handlers;
  private final ParkedStore parked;
  private final InboxLanes lanes;
  private final InFlightBudget budget;
  private final Map<TopicPartition, PartitionFeed> feeds = new HashMap<>();
  private final Set<TopicPartition> unclaimed = new HashSet<>();
  private final Set<TopicPartition> full = new HashSet<>();
  private volatile long polledAt = System.nanoTime();
  private volatile KafkaInboxStatus status = new KafkaInboxStatus(List.of(), List.of());
  private long claimAt = System.nanoTime();
  private long adoptAt = System.nanoTime();
  private @Nullable String claimFailure;
  private long commitAt = System.nanoTime();
  private boolean paused;

  /**
   * Makes a member.
   *
   * @param sessionTimeout of the consumer
   * @param handlers names of the consumers of this process
   */
  GroupMember(
      KafkaInboxOptions options,
      Consumer<byte[], byte[]> consumer,
      Duration sessionTimeout,
      SubscribedTopics topics,
      Set<String> handlers,
      ParkedStore parked,
      InboxLanes lanes) {
    this.options = options;
    this.consumer = consumer;
    this.sessionTimeout = sessionTimeout;
    this.topics = topics;
    this.handlers = handlers;
    this.parked = parked;
    this.lanes = lanes;
    this.budget = new InFlightBudget(options.maxInFlight(), options.maxInFlightBytes());
  }

  /**
   * Polls until it is to stop.
   *
   * @throws KafkaException if the group can't be served
   */
  void serve(CountDownLatch stop) throws InterruptedException {
    consumer.subscribe(topics.topics(), this);
    try {
      while (stop.getCount() > 0) {
        pauseOrResume();
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        polledAt = System.nanoTime();
        take(records);
        claim(); // right after a poll: one that was stopped for long has asked the group first
        adoptKeys();
        requireWorkingFeeds();
        if (System.nanoTime() - commitAt >= 0) {
          commit();
          tellStatus();
          commitAt = System.nanoTime() + options.commitInterval().toNanos();
        }
      }
    } catch (WakeupException e) {
      log.trace("Woken up to stop", e);
    }
    letGo(feeds.keySet());
  }

  /** From any thread. */
  void wakeUp() {
    consumer.wakeup();
  }

  KafkaInboxStatus status() {
    return status;
  }

  /**
   * Whether the group may still believe in this member; one that was stopped for long asks first.
   */
  private boolean alive() {
    return System.nanoTime() - polledAt < sessionTimeout.toNanos();
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    unclaimed.addAll(partitions);
    consumer.pause(partitions);
    claimAt = System.nanoTime();
    polledAt = claimAt; // letting others go may have taken as long as a handler
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    try {
      letGo(partitions);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Another member has them already: nothing may be committed any more. */
  @Override
  public void onPartitionsLost(Collection<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      unclaimed.remove(partition);
      PartitionFeed feed = feeds.remove(partition);
      if (feed != null) {
        feed.close();
      }
    }
  }

  private void letGo(Collection<TopicPartition> partitions) throws InterruptedException {
    unclaimed.removeAll(partitions);
    List<PartitionFeed> leaving = new ArrayList<>();
    for (TopicPartition partition : List.copyOf(partitions)) {
      PartitionFeed feed = feeds.get(partition);
      if (feed != null) {
        feed.revoke();
        leaving.add(feed);
      }
    }
    long deadline = System.nanoTime() + options.lanes().handlerTimeout().toNanos();
    for (PartitionFeed feed : leaving) {
      long left = Math.max(0, deadline - System.nanoTime());
      if (!feed.awaitRest(Duration.ofNanos(left))) {
        log.warn("{} is let go while a handler is at work", feed.partition());
      }
    }
    commitNow(uncommitted(leaving));
    for (PartitionFeed feed : leaving) {
      feeds.remove(feed.partition());
      feed.close();
    }
  }

  private void commitNow(Map<TopicPartition, OffsetAndMetadata> offsets) {
    if (offsets.isEmpty()) {
      return;
    }
    try {
      try {
        consumer.commitSync(offsets, PATIENCE);
      } catch (WakeupException e) { // meant for a poll that was over already
        consumer.commitSync(offsets, PATIENCE);
      }
    } catch (KafkaException e) {
      log.warn("Offsets could not be committed; some messages come again: {}", e.getMessage());
    }
  }

  private void claim() {
    if (unclaimed.isEmpty() || System.nanoTime() - claimAt < 0) {
      return;
    }
    for (TopicPartition partition : List.copyOf(unclaimed)) {
      try {
        Fence fence = parked.claim(source(partition), options.node());
        feeds.put(partition, new PartitionFeed(partition, fence, lanes, budget, this::alive));
        unclaimed.remove(partition);
        full.remove(partition);
        adoptAt = System.nanoTime();
        if (!paused) {
          consumer.resume(List.of(partition));
        }
      } catch (RuntimeException e) { // without its database there is nothing to be done with it
        log.warn("{} can't be claimed now: {}", partition, e.getMessage());
        claimFailure = e.getMessage();
        claimAt = System.nanoTime() + CLAIM_NANOS;
        return;
      }
    }
    claimFailure = null;
  }

  private String source(TopicPartition partition) {
    return options.group() + "/" + partition.topic() + "/" + partition.partition();
  }

  /**
   * Keys that were parked when messages were delivered within the relay's process go on here: later
   * messages of such a key come by a partition, and queue behind them. Looked for again and again:
   * a process that still delivers so may park during a roll-out.
   */
  private void adoptKeys() {
    if (feeds.isEmpty() || System.nanoTime() - adoptAt < 0) {
      return;
    }
    try {
      ParkedStore.Key last = null;
      List<ParkedStore.Key> page;
      do {
        page = parked.keys(Fence.RELAY, handlers, last, KEYS_PER_PAGE);
        for (ParkedStore.Key key : page) {
          PartitionFeed feed = feeds.get(partitionOf(key));
          if (feed != null) {
            parked.adopt(feed.fence(), key);
          }
          last = key;
        }
      } while (page.size() == KEYS_PER_PAGE);
    } catch (WakeupException e) {
      throw e;
    } catch (RuntimeException e) {
      log.warn("Parked keys can't be adopted now: {}", e.getMessage());
    }
    adoptAt = System.nanoTime() + ADOPT_NANOS;
  }

  /** As Kafka's producers place a key; one that is in no topic of this member is in no feed. */
  private TopicPartition partitionOf(ParkedStore.Key key) {
    String topic = options.topics().topic(key.key().aggregateType());
    if (!topics.topics().contains(topic)) {
      return new TopicPartition(topic, 0);
    }
    byte[] bytes = key.key().aggregateId().getBytes(StandardCharsets.UTF_8);
    int partitions = consumer.partitionsFor(topic, PATIENCE).size();
    return new TopicPartition(topic, Utils.toPositive(Utils.murmur2(bytes)) % partitions);
  }

  private void pauseOrResume() {
    if (!paused && budget.spent()) {
      consumer.pause(consumer.assignment());
      paused = true;
    } else if (paused && budget.relaxed()) {
      consumer.resume(feeds.keySet());
      consumer.pause(full);
      paused = false;
    }
    for (PartitionFeed feed : feeds.values()) {
      pauseOrResume(feed);
    }
  }

  /** Behind one message that waits, others get done: their offsets wait with it, and pile up. */
  private void pauseOrResume(PartitionFeed feed) {
    int open = feed.open();
    if (open >= options.maxInFlight() * OPEN_PER_IN_FLIGHT && full.add(feed.partition())) {
      consumer.pause(List.of(feed.partition()));
    } else if (open <= options.maxInFlight() && full.remove(feed.partition()) && !paused) {
      consumer.resume(List.of(feed.partition()));
    }
  }

  private void take(ConsumerRecords<byte[], byte[]> records) {
    for (TopicPartition partition : records.partitions()) {
      PartitionFeed feed = feeds.get(partition);
      if (feed == null) {
        throw new KafkaException(partition + " brought records before it was claimed");
      }
      for (ConsumerRecord<byte[], byte[]> record : records.records(partition)) {
        take(feed, record);
      }
    }
  }

  private void take(PartitionFeed feed, ConsumerRecord<byte[], byte[]> record) {
    String aggregateType = topics.aggregateType(record.topic(), RecordFormat.type(record));
    OutboxMessage message;
    try {
      message = RecordFormat.message(record, aggregateType);
    } catch (RecordFormat.UnreadableRecordException e) {
      park(feed, RecordFormat.unreadable(record, aggregateType), String.valueOf(e.getMessage()));
      feed.skip(record.offset());
      return;
    }
    feed.take(record.offset(), message);
  }

  private void park(PartitionFeed feed, OutboxMessage message, String error) {
    log.warn("{} is a dead letter: {}", message, error);
    ParkedStore.ParkOutcome outcome =
        parked.park(
            feed.fence(),
            InboxHandlers.UNKNOWN_CONSUMER,
            message,
            ParkReason.UNREADABLE,
            error,
            null);
    if (outcome == ParkedStore.ParkOutcome.FENCED) {
      throw new KafkaException(feed.partition() + " has another owner");
    }
  }

  private void requireWorkingFeeds() {
    for (PartitionFeed feed : feeds.values()) {
      Throwable failure = feed.failure();
      if (failure != null) {
        throw new KafkaException(feed.partition() + " can't go on here: " + failure, failure);
      }
    }
  }

  private void commit() {
    Map<TopicPartition, OffsetAndMetadata> offsets = uncommitted(feeds.values());
    if (!offsets.isEmpty()) {
      consumer.commitAsync(
          offsets,
          (committed, failure) -> {
            if (failure != null) { // the next commit carries them, too
              log.debug("Offsets could not be committed: {}", failure.getMessage());
              return;
            }
            committed.forEach(
                (partition, offset) -> {
                  PartitionFeed feed = feeds.get(partition);
                  if (feed != null) {
                    feed.committed(offset.offset());
                  }
                });
          });
    }
  }

  private static Map<TopicPartition, OffsetAndMetadata> uncommitted(
      Collection<PartitionFeed> feeds) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (PartitionFeed feed : feeds) {
      OptionalLong position = feed.uncommitted();
      if (position.isPresent()) {
        offsets.put(feed.partition(), new OffsetAndMetadata(position.getAsLong()));
      }
    }
    return offsets;
  }

  private void tellStatus() {
    List<KafkaInboxStatus.Partition> partitions =
        feeds.values().stream()
            .map(
                feed ->
                    new KafkaInboxStatus.Partition(
                        feed.partition().topic(),
                        feed.partition().partition(),
                        feed.fence().epoch(),
                        feed.open(),
                        consumer.currentLag(feed.partition()).orElse(-1)))
            .sorted(
                Comparator.comparing(KafkaInboxStatus.Partition::topic)
                    .thenComparing(KafkaInboxStatus.Partition::partition))
            .toList();
    List<String> findings =
        claimFailure == null || unclaimed.isEmpty()
            ? List.of()
            : List.of(
                "partitions %s can't be claimed in the database: %s"
                    .formatted(unclaimed, claimFailure));
    status = new KafkaInboxStatus(partitions, findings);
  }

  /** Whatever is left begins nothing more; the consumer is closed by its owner. */
  @Override
  public void close() {
    feeds.values().forEach(PartitionFeed::close);
    feeds.clear();
  }
}
