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
  private final ParkedStore parked;
  private final ScheduledExecutorService thread;

  KafkaReleases(
      KafkaTransportOptions options,
      RecordFormat format,
      KafkaSession session,
      ParkedStore parked,
      String installation) {
    this.options = options;
    this.format = format;
    this.session = session;
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
        // A send to a topic that is missing blocks for seconds: one per topic and look is enough.
        Set<String> awayTopics = new HashSet<>();
        for (ParkedStore.Key due : parked.due(List.of(session.fence().source()), KEYS_PER_LOOK)) {
          release(due, awayTopics);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) { // a periodic task that throws never runs again
      log.warn("Parked messages can't be released to Kafka now: {}", e.getMessage());
    }
  }

  private void release(ParkedStore.Key due, Set<String> awayTopics) throws InterruptedException {
    for (int n = 0; n < MESSAGES_PER_KEY && session.mayWork(); n++) {
      ParkedMessage head = parked.head(due).orElse(null);
      if (head == null || !releaseOne(head, awayTopics)) {
        return;
      }
    }
  }

  /** True when the key may go on with its next message. */
  private boolean releaseOne(ParkedMessage head, Set<String> awayTopics)
      throws InterruptedException {
    Outlet outlet = session.outlet();
    if (outlet == null) {
      return postpone(head, "Kafka does not take messages");
    }
    String topic = options.topics().topic(head.message().aggregateType());
    if (session.holds(topic) || awayTopics.contains(topic)) {
      return postpone(head, "topic " + topic + " can't be used");
    }
    try {
      outlet
          .producer()
          .send(format.record(head.message()))
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      return parked.handled(session.fence(), head);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (Refusals.isRefusal(cause)) {
        return refused(head, cause);
      }
      awayTopics.add(topic);
      return postpone(head, cause.toString());
    } catch (TimeoutException | RuntimeException e) {
      awayTopics.add(topic);
      return postpone(head, e.toString());
    }
  }

  private boolean refused(ParkedMessage head, Throwable cause) {
    int attempts = head.attempts() + 1;
    boolean dead = Refusals.isTooLarge(cause) || attempts >= options.retries().attemptsParked();
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

  /** Starts nothing more and interrupts what waits for the broker. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
