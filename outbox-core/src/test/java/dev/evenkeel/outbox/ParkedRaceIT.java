package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.ParkedStore.ParkOutcome;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * One thread delivers a key's messages while another releases what is parked of it. Whatever the
 * interleaving, each message is handled once and in order.
 */
class ParkedRaceIT {

  private static final int MESSAGES = 2_000;
  private static final int FAILS_EVERY = 7;
  private static final Fence FENCE = Fence.relay(0);
  private static final String CONSUMER = "summary";
  private static final ParkedStore.Key KEY =
      new ParkedStore.Key(Fence.RELAY, CONSUMER, new OrderKey("order", "1"));

  private final List<OutboxMessage> handled = Collections.synchronizedList(new ArrayList<>());
  private final AtomicBoolean delivered = new AtomicBoolean();

  @Test
  void nothingIsLostAndNothingOvertakes() throws Exception {
    List<OutboxMessage> messages = Stream.generate(() -> message("1")).limit(MESSAGES).toList();
    ExecutorService executor = Executors.newFixedThreadPool(2);
    try (CoreDatabase database = new CoreDatabase()) {
      ParkedStore store =
          new ParkedStore(
              database.dataSource(), CoreDatabase.SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM);
      Future<Integer> lane = executor.submit(() -> deliver(store, messages));
      Future<Integer> releaser = executor.submit(() -> release(store));
      int queued;
      try {
        queued = lane.get(60, TimeUnit.SECONDS);
      } finally {
        delivered.set(true);
      }
      int released = releaser.get(60, TimeUnit.SECONDS);

      assertThat(handled).containsExactlyElementsOf(messages);
      assertThat(store.counts().keys()).isZero();
      assertThat(
              database.count("SELECT count(*) FROM evenkeel.parked_message WHERE ended_at IS NULL"))
          .isZero();
      // Otherwise the two threads never met, and the test showed nothing.
      assertThat(released).isEqualTo(queued).isBetween(MESSAGES / FAILS_EVERY, MESSAGES);
      assertThat(
              database.count(
                  "SELECT count(*) FROM evenkeel.parked_message WHERE reason = 'BEHIND'"))
          .isPositive();
    } finally {
      executor.shutdownNow();
    }
  }

  /** As a lane does it: queue behind, or deliver; some deliveries fail and are parked. */
  private int deliver(ParkedStore store, List<OutboxMessage> messages) {
    int parked = 0;
    for (int i = 0; i < messages.size(); i++) {
      OutboxMessage message = messages.get(i);
      ParkOutcome outcome = store.queueBehind(FENCE, CONSUMER, message);
      if (outcome == ParkOutcome.KEY_FREE && i % FAILS_EVERY == 0) {
        outcome =
            store.park(FENCE, CONSUMER, message, ParkReason.HANDLER_FAILED, "x", Duration.ZERO);
      }
      switch (outcome) {
        case KEY_FREE -> handled.add(message);
        case PARKED -> parked++;
        case FENCED -> throw new AssertionError("nobody else leads");
      }
    }
    return parked;
  }

  private int release(ParkedStore store) {
    int released = 0;
    while (true) {
      boolean last = delivered.get();
      Optional<ParkedMessage> head = store.head(KEY);
      if (head.isPresent()) {
        handled.add(head.get().message());
        assertThat(store.handled(FENCE, head.get())).isTrue();
        released++;
      } else if (last) {
        return released;
      }
    }
  }
}
