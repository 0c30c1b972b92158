package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.ConsumerRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Rolling deployments: who may lead while the set of consumers grows and shrinks. */
class ConsumerRegistryIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  @Test
  void newConsumerGetsEveryEventCommittedAfterItsRegistration() throws Exception {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      AtomicBoolean go = new AtomicBoolean(true);
      AtomicLong written = new AtomicLong();
      RelayNode writer = RelayNode.in(installation).build();
      try (RelayNode v1 =
          RelayNode.in(installation).named("v1").handlers(ledger.firstConsumer()).start()) {
        await().atMost(SOON).until(() -> v1.relay().status().state() == RelayState.STREAMING);
        CompletableFuture<Void> writing =
            CompletableFuture.runAsync(
                () -> {
                  while (go.get()) {
                    writer.publish(new Counted("k", written.get() + 1));
                    written.incrementAndGet();
                  }
                });
        await().atMost(SOON).until(() -> ledger.handled("first") > 100);

        long registeredAfter;
        try (RelayNode v2 =
            RelayNode.in(installation)
                .named("v2")
                .handlers(ledger.firstConsumer(), ledger.secondConsumer())
                .start()) {
          await().atMost(SOON).until(() -> consumers(installation) == 2);
          registeredAfter = written.get() + 1; // one may be on its way right now
          await().atMost(SOON).until(() -> v2.relay().status().state() == RelayState.STREAMING);
          assertThat(v1.relay().status().state()).isEqualTo(RelayState.STANDBY);
          long during = written.get();
          await().atMost(SOON).until(() -> written.get() > during + 100);
          go.set(false);
          writing.get(60, TimeUnit.SECONDS);

          await().atMost(SOON).until(() -> ledger.handled("first") == written.get());
          await().atMost(SOON).until(() -> last(ledger.handled("second", "k")) == written.get());
          assertThat(ledger.handled("first", "k"))
              .containsExactlyElementsOf(versions(1, written.get()));
          List<Long> second = ledger.handled("second", "k");
          assertThat(second.get(0)).isLessThanOrEqualTo(registeredAfter + 1);
          assertThat(second).containsExactlyElementsOf(versions(second.get(0), written.get()));
          assertThat(v2.relay().status().gaps() + v1.relay().status().gaps()).isZero();
        }

        // v2 is gone: v1 alone may not lead, and says so, until B is retired.
        await()
            .atMost(SOON)
            .untilAsserted(
                () ->
                    assertThat(v1.relay().status().findings())
                        .anySatisfy(
                            finding ->
                                assertThat(finding.toString())
                                    .contains("second (counted v1)", "evenkeel.inbox.retired")));
        writer.publish(new Counted("late", 1));
        assertThat(v1.relay().status().leader()).isNotEqualTo("v1");
        assertThat(ledger.handled("first", "late")).isEmpty();

        new ConsumerRegistry(installation.dataSource(), Installation.SCHEMA)
            .retire(List.of("second"));
        await().atMost(SOON).until(() -> ledger.handled("first", "late").size() == 1);
        assertThat(v1.relay().status().findings()).isEmpty();
        assertThat(v1.relay().status().leader()).isEqualTo("v1");
      } finally {
        go.set(false);
      }
    }
  }

  private static long consumers(Installation installation) {
    return installation.count("SELECT count(*) FROM evenkeel.consumer WHERE retired_at IS NULL");
  }

  private static long last(List<Long> versions) {
    return versions.isEmpty() ? 0 : versions.get(versions.size() - 1);
  }

  private static List<Long> versions(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }
}
