package dev.evenkeel.outbox.delivery;

import dev.evenkeel.outbox.OrderKey;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one key for one consumer, in order. At most one thread works on its head; a key
 * that waits occupies none. The relay bounds how many messages are in all queues together.
 */
final class KeyQueue {

  /** What a queue is found by. */
  record Id(String consumer, OrderKey key) {}

  private final Id id;
  private final Deque<Delivery> deliveries = new ArrayDeque<>();
  private CompletableFuture<@Nullable Void> attempt = CompletableFuture.completedFuture(null);

  KeyQueue(Id id) {
    this.id = id;
  }

  Id id() {
    return id;
  }

  /** True when it was empty: then nobody works on it, and the caller starts. */
  synchronized boolean add(Delivery delivery) {
    deliveries.add(delivery);
    return deliveries.size() == 1;
  }

  /** The message to work on; it stays the head until it is done. */
  synchronized @Nullable Delivery head() {
    return deliveries.peek();
  }

  /** The head is done. True when another waits. */
  synchronized boolean next() {
    deliveries.remove();
    return !deliveries.isEmpty();
  }

  /** An attempt at the head begins; to be completed when it is over. */
  synchronized CompletableFuture<@Nullable Void> attemptBegins() {
    attempt = new CompletableFuture<>();
    return attempt;
  }

  /** Completes when the attempt that is under way now is over; at once if there is none. */
  synchronized CompletableFuture<@Nullable Void> attempt() {
    return attempt;
  }

  synchronized boolean isEmpty() {
    return deliveries.isEmpty();
  }
}
