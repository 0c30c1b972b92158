package dev.evenkeel.autoconfigure;

import dev.evenkeel.transport.kafka.KafkaInbox;
import dev.evenkeel.transport.kafka.KafkaInboxStatus;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/**
 * Serves this process's handlers from Kafka: from when everything is there to before anything goes,
 * so that handlers find a complete application. An inbox is used once, so each start makes a new
 * one. The start waits for no broker and no database. Thread-safe.
 */
final class KafkaInboxLifecycle implements SmartLifecycle {

  private final Supplier<KafkaInbox> inboxes;
  private volatile @Nullable KafkaInbox running;

  KafkaInboxLifecycle(Supplier<KafkaInbox> inboxes) {
    this.inboxes = inboxes;
  }

  KafkaInboxStatus status() {
    KafkaInbox inbox = running;
    return inbox == null ? new KafkaInboxStatus(List.of(), List.of()) : inbox.status();
  }

  @Override
  public int getPhase() {
    return DEFAULT_PHASE; // the highest, as the relay's: last to start, first to stop
  }

  @Override
  public boolean isRunning() {
    return running != null;
  }

  @Override
  public synchronized void start() {
    if (running == null) {
      KafkaInbox inbox = inboxes.get();
      inbox.start();
      running = inbox;
    }
  }

  @Override
  public void stop() {
    KafkaInbox inbox;
    synchronized (this) {
      inbox = running;
      running = null;
    }
    if (inbox != null) {
      inbox.stop();
    }
  }
}
