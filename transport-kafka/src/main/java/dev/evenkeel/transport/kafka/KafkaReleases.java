package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedStore;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases what a session has parked and an operator or a backoff has made due: sends the head of a
 * key, waits for the broker, ends the parked row, goes on with the next. Live messages of the key
 * queue behind meanwhile. A crash between broker and row sends the head again. On a thread of its
 * own.
 */
final class KafkaReleases implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KafkaReleases.class);

  private static final Duration TICK = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration OUTAGE_RECHECK = Duration.ofSeconds(1);
  private static final int KEYS_PER_LOOK = 256;
  private static final int MESSAGES_PER_KEY = 1_000;
  private static final int REAP_ROWS = 1_000;
  private static final int REAP_BATCHES = 100;

  private final KafkaTransportOptions options;
  private final RecordFormat format;
  private final KafkaSession session;
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final ParkedStore parked;
  private final ScheduledExecutorService thread;
  private volatile @Nullable Producer<byte[], byte[]> producer;
  private volatile boolean closed;

  KafkaReleases(
      KafkaTransportOptions options,
      RecordFormat format,
      KafkaSession session,
      Supplier<Producer<byte[], byte[]>> producers,
      ParkedStore parked,
      String installation) {
    this.options = options;
    this.format = format;
    this.session = session;
    this.producers = producers;
    this.parked = parked;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread daemon = new Thread(task, "evenkeel-kafka-releases-" + installation);
              daemon.setDaemon(true);
              return daemon;
            });
  }

  void start() {
    long tick = TICK.toMillis();
    thread.scheduleWithFixedDelay(this::look, tick, tick, TimeUnit.MILLISECONDS);
    thread.scheduleWithFixedDelay(this::reap, 1, 1, TimeUnit.MINUTES);
  }

  private void look() {
    try {
      if (session.mayWork()) {
        Set<String> away =
            new HashSet<>(); // aggregate types: one topic must not hold up the others
        for (ParkedStore.Key due : parked.due(List.of(session.fence().source()), KEYS_PER_LOOK)) {
          release(due, away);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) { // a periodic task that throws never runs again
      log.warn("Parked messages can't be released to Kafka now: {}", e.getMessage());
    }
  }

  private void release(ParkedStore.Key due, Set<String> away) throws InterruptedException {
    for (int n = 0; n < MESSAGES_PER_KEY && session.mayWork(); n++) {
      ParkedMessage head = parked.head(due).orElse(null);
      if (head == null || !releaseOne(head, away)) {
        return;
      }
    }
  }

  /** True when the key may go on with its next message. */
  private boolean releaseOne(ParkedMessage head, Set<String> away) throws InterruptedException {
    String type = head.message().aggregateType();
    if (away.contains(type)) {
      return postpone(head, "its topic does not take messages");
    }
    try {
      producer()
          .send(format.record(head.message()))
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      return parked.handled(session.fence(), head);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (Refusals.isRefusal(cause)) {
        return refused(head, cause);
      }
      return outage(head, away, cause);
    } catch (TimeoutException | KafkaException e) {
      return outage(head, away, e);
    }
  }

  /** With the producer goes the record, which otherwise would be sent beside its own repetition. */
  private boolean outage(ParkedMessage head, Set<String> away, Throwable cause) {
    closeProducer();
    away.add(head.message().aggregateType());
    return postpone(head, cause.toString());
  }

  /** Not the session's: a refused record ends that one, and shares its batches with live ones. */
  private Producer<byte[], byte[]> producer() {
    Producer<byte[], byte[]> present = producer;
    if (present == null) {
      present = producers.get();
      producer = present;
      if (closed) {
        closeProducer();
      }
    }
    return present;
  }

  private void closeProducer() {
    Producer<byte[], byte[]> present = producer;
    producer = null;
    if (present != null) {
      present.close(Duration.ZERO);
    }
  }

  private boolean refused(ParkedMessage head, Throwable cause) {
    int attempts = head.attempts() + 1;
    boolean dead = Refusals.isTooLarge(cause) || attempts >= options.retries().attemptsParked();
    if (dead && options.skipsDeadLetters()) {
      return parked.failedAside(session.fence(), head, attempts, cause.toString());
    }
    parked.failed(
        session.fence(),
        head,
        attempts,
        cause.toString(),
        dead ? null : options.retries().backoff(attempts + 1));
    return false;
  }

  /** No attempt was made, so none counts. */
  private boolean postpone(ParkedMessage head, String error) {
    parked.failed(session.fence(), head, head.attempts(), error, OUTAGE_RECHECK);
    return false;
  }

  /** Forgets ended messages past the dedup window. */
  private void reap() {
    try {
      for (int batch = 0; batch < REAP_BATCHES && session.mayWork(); batch++) {
        if (parked.reap(options.window(), REAP_ROWS) < REAP_ROWS) {
          return;
        }
      }
    } catch (RuntimeException e) {
      log.warn("Ended parked messages can't be reaped now: {}", e.getMessage());
    }
  }

  /** Starts nothing more and ends what waits for the broker. */
  void shutDown() {
    closed = true;
    thread.shutdown();
    Producer<byte[], byte[]> present = producer;
    if (present != null) {
      present.close(Duration.ZERO);
    }
  }

  /** Waits for a release under way, so that its database is still there. */
  @Override
  public void close() {
    try {
      if (!thread.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
