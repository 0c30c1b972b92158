package dev.evenkeel.relay.crash;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxMessage;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Notes the attempt outside the transaction, then takes effect inside it. Fails now and then after
 * the effect, so that there are attempts that roll back.
 */
final class CountedHandler {

  /** On this key a node that was told so waits until it has been suspended, and then fails. */
  static final String SUSPENDED = "suspended";

  private static final int ATTEMPTS_PER_FAILURE = 500;

  private final BusinessTables tables;
  private final Journal journal;
  private final String node;
  private final boolean failsAfterSuspension;
  private final SplittableRandom random;

  CountedHandler(
      BusinessTables tables,
      Journal journal,
      String node,
      boolean failsAfterSuspension,
      long seed) {
    this.tables = tables;
    this.journal = journal;
    this.node = node;
    this.failsAfterSuspension = failsAfterSuspension;
    this.random = new SplittableRandom(seed);
  }

  @InboxHandler(consumer = "effects")
  void on(Counted event, OutboxMessage message) {
    journal.message(Journal.Kind.ATTEMPT, node, message.id(), event);
    tables.takeEffect(message.id(), event);
    if (failsAfterSuspension && event.key().equals(SUSPENDED)) {
      journal.message(Journal.Kind.WAITING, node, message.id(), event);
      awaitSuspension();
      journal.message(Journal.Kind.WOKE, node, message.id(), event);
      throw new IllegalStateException("the process was suspended");
    }
    if (drawFailure()) {
      throw new IllegalStateException("drawn by lot");
    }
  }

  private synchronized boolean drawFailure() {
    return random.nextInt(ATTEMPTS_PER_FAILURE) == 0;
  }

  /** A gap in time that no scheduler makes. */
  private static void awaitSuspension() {
    long last = System.nanoTime();
    for (long now = last; now - last < TimeUnit.SECONDS.toNanos(1); now = System.nanoTime()) {
      last = now;
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }
}
