package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.outbox.delivery.InboxLanes;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the handlers of this process from Kafka, as a member of a consumer group.
 *
 * <p>Each handler's effects commit with its inbox row, then the offset is committed: so effects
 * happen once, and what was not committed comes again. Order is kept per (consumer, key) within a
 * partition, over changes of the partition's owner, too: its epoch in the database is raised by
 * each assignment, and whoever parks or releases compares it. A member that fails leaves the group
 * and joins anew.
 *
 * <p>Thread-safe. Single-use: once stopped it stays stopped.
 */
public final class KafkaInbox {

  private static final Logger log = LoggerFactory.getLogger(KafkaInbox.class);

  private static final long FIRST_PAUSE_MILLIS = 500;
  private static final long MAX_PAUSE_MILLIS = 5_000;
  private static final Duration STOP_GRACE = Duration.ofSeconds(15);

  private final KafkaInboxOptions options;
  private final Map<String, Object> consumer;
  private final SubscribedTopics topics;
  private final Set<String> consumers;
  private final ParkedStore parked;
  private final InboxLanes lanes;
  private final CountDownLatch stop = new CountDownLatch(1);
  private @Nullable Thread thread;
  private volatile @Nullable GroupMember member;
  private volatile @Nullable String failure;

  /**
   * Makes an inbox; nothing happens before {@link #start()}.
   *
   * @param consumer settings of a Kafka consumer, such as {@code bootstrap.servers} and security
   * @param parked parked messages of the installation that the group belongs to
   */
  public KafkaInbox(
      KafkaInboxOptions options,
      Map<String, Object> consumer,
      EventTypes types,
      InboxHandlers handlers,
      InboxReceiver receiver,
      ParkedStore parked,
      MessageObserver observer) {
    this.options = options;
    this.consumer = ConsumerSettings.of(consumer, options);
    this.topics = new SubscribedTopics(options.topics(), types, handlers);
    this.consumers =
        handlers.subscriptions().stream()
            .map(Subscription::consumer)
            .collect(Collectors.toCollection(TreeSet::new));
    this.consumers.add(InboxHandlers.UNKNOWN_CONSUMER);
    this.parked = parked;
    this.lanes =
        new InboxLanes(
            options.lanes(), handlers, receiver, parked, observer, InboxLanes.UnknownTypes.IGNORE);
  }

  /** Joins the group on a thread of its own and returns. Idempotent; without handlers a no-op. */
  public synchronized void start() {
    if (thread != null || topics.topics().isEmpty()) {
      return;
    }
    Thread polling = new Thread(this::run, "evenkeel-kafka-inbox-" + options.group());
    polling.setDaemon(true);
    thread = polling;
    polling.start();
  }

  private void run() {
    long pause = FIRST_PAUSE_MILLIS;
    try {
      while (stop.getCount() > 0) {
        long began = System.nanoTime();
        try (KafkaConsumer<byte[], byte[]> client = new KafkaConsumer<>(consumer);
            GroupMember present =
                new GroupMember(
                    options,
                    client,
                    ConsumerSettings.sessionTimeout(consumer),
                    topics,
                    consumers,
                    parked,
                    lanes)) {
          member = present;
          failure = null;
          present.serve(stop);
        } catch (RuntimeException | Error e) {
          failure = "the inbox left the group and joins again: " + e.getMessage();
          log.warn("The inbox of group {} left the group and joins again", options.group(), e);
        } finally {
          member = null;
        }
        boolean lasted = System.nanoTime() - began > TimeUnit.SECONDS.toNanos(60);
        pause = lasted ? FIRST_PAUSE_MILLIS : Math.min(MAX_PAUSE_MILLIS, pause * 2);
        stop.await(pause, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      log.debug("The inbox was interrupted", e);
    } finally {
      lanes.close();
    }
  }

  /**
   * Begins nothing new, waits for handlers under way, commits their offsets and leaves the group.
   * Idempotent.
   */
  public void stop() {
    stop.countDown();
    Thread polling;
    synchronized (this) {
      polling = thread;
    }
    if (polling == null) {
      lanes.close();
      return;
    }
    GroupMember present = member;
    if (present != null) {
      present.wakeUp();
    }
    try {
      polling.join(STOP_GRACE.plus(options.lanes().handlerTimeout()).toMillis());
      if (polling.isAlive()) {
        log.error("The inbox of group {} did not stop in time; it is interrupted", options.group());
        polling.interrupt();
      }
    } catch (InterruptedException e) {
      polling.interrupt();
      Thread.currentThread().interrupt();
    }
  }

  /** Where it stands. Asks nobody. */
  public KafkaInboxStatus status() {
    GroupMember present = member;
    String broken = failure;
    if (broken != null || present == null) {
      return new KafkaInboxStatus(List.of(), broken == null ? List.of() : List.of(broken));
    }
    return present.status();
  }
}
