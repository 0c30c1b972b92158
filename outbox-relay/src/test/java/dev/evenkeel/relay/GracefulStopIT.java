package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Stopping under load, and what may be under way at most. */
class GracefulStopIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  @Test
  void stopUnderLoadDrainsAndTheNextStartRedeliversNothing() throws Exception {
    try (Installation installation = Installation.create()) {
      Semaphore ahead = new Semaphore(300); // so that the writer's lead stays the same
      Ledger ledger = new Ledger(installation).first((event, message) -> ahead.release());
      AtomicBoolean go = new AtomicBoolean(true);
      AtomicLong written = new AtomicLong();
      RelayNode writer = RelayNode.in(installation).build();
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                while (go.get()) {
                  ahead.acquireUninterruptibly(3);
                  long version = written.get() + 1;
                  writer.publish(
                      new Counted("a", version),
                      new Counted("b", version),
                      new Counted("c", version));
                  written.set(version);
                }
              });
      try {
        for (int run = 1; run <= 3; run++) {
          long before = ledger.handled("first");
          try (RelayNode node =
              RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
            await().atMost(SOON).until(() -> ledger.handled("first") > before + 200);
            node.relay().stop();
            assertThat(node.relay().status().state()).isEqualTo(RelayState.STOPPED);
            assertThat(node.relay().status().inFlight()).isZero();
          }
        }
        go.set(false);
        ahead.release(3);
        writing.get(60, TimeUnit.SECONDS);
        try (RelayNode node = RelayNode.in(installation).handlers(ledger.firstConsumer()).start()) {
          await().atMost(SOON).until(() -> ledger.handled("first") == 3 * written.get());
          assertThat(node.relay().status().gaps()).isZero();
        }
        List<Long> all = LongStream.rangeClosed(1, written.get()).boxed().toList();
        for (String key : List.of("a", "b", "c")) {
          assertThat(ledger.handled("first", key)).containsExactlyElementsOf(all);
          assertThat(ledger.attempts("first", key)).containsExactlyElementsOf(all);
        }
      } finally {
        go.set(false);
        ahead.release(3);
      }
    }
  }

  @Test
  void redeliveryIsSparedAlsoInTheInbox() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      Duplicates duplicates = new Duplicates();
      for (int run = 0; run < 3; run++) {
        long before = run * 100L;
        try (RelayNode node =
            RelayNode.in(installation)
                .handlers(ledger.firstConsumer())
                .observer(duplicates)
                .start()) {
          // A first start with rows present would send them from the ring and from the stream.
          await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
          node.publish(
              LongStream.rangeClosed(before + 1, before + 100)
                  .mapToObj(n -> new Counted("k", n))
                  .toArray());
          await().atMost(SOON).until(() -> ledger.handled("first") == before + 100);
        }
      }
      assertThat(duplicates.count.get()).isZero();
    }
  }

  private static final class Duplicates implements MessageObserver {

    private final AtomicInteger count = new AtomicInteger();

    @Override
    public void duplicate(String consumer) {
      count.incrementAndGet();
    }
  }

  @Test
  void whatIsUnderWayIsBoundedAndWritersGoOn() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation).first((event, message) -> end.await());
      LaneOptions patient =
          new LaneOptions(
              4,
              3,
              Duration.ofSeconds(2),
              3,
              Duration.ofMillis(20),
              Duration.ofMillis(100),
              Duration.ofSeconds(1),
              Duration.ofSeconds(30));
      try (RelayNode node =
          RelayNode.in(installation)
              .handlers(ledger.firstConsumer())
              .lanes(patient)
              .relay(GracefulStopIT::atMostTen)
              .start()) {
        await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
        // Fewer than fit: heartbeats between them must not count, nor pile up.
        node.publish(counted(1, 8));
        await().atMost(SOON).until(() -> node.relay().status().inFlight() == 8);
        await()
            .during(Duration.ofSeconds(1))
            .atMost(Duration.ofSeconds(13))
            .until(() -> node.relay().status().inFlight() == 8);

        for (long version = 9; version <= 300; version++) {
          node.publish(new Counted("k" + version % 20, version));
        }
        await().atMost(SOON).until(() -> node.relay().status().inFlight() == 10);
        await()
            .during(Duration.ofSeconds(2))
            .atMost(Duration.ofSeconds(14))
            .until(() -> node.relay().status().inFlight() == 10);
        assertThat(node.relay().status().state()).isEqualTo(RelayState.STREAMING);

        end.countDown();
        await().atMost(SOON).until(() -> ledger.handled("first") == 300);
        await().atMost(SOON).until(() -> node.relay().status().inFlight() == 0);
      }
    } finally {
      end.countDown();
    }
  }

  private static RelayOptions atMostTen(RelayOptions o) {
    return new RelayOptions(
        o.schema(),
        o.node(),
        o.lease(),
        o.contend(),
        o.heartbeat(),
        o.pollInterval(),
        10,
        o.maxInFlightBytes(),
        o.drain(),
        o.janitor());
  }

  private static Object[] counted(long from, long to) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> new Counted("k" + n % 20, n)).toArray();
  }
}
