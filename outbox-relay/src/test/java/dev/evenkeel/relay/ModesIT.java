package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Processes of different modes: one relays at a time, and a switch loses nothing. */
class ModesIT {

  /** One key's handler has to keep up with it on a busy machine. */
  private static final long PACE_NANOS = 4_000_000;

  private static final Duration SOON = Duration.ofSeconds(60);

  private static RelayNode node(
      Installation installation, String name, RelayMode mode, EffectHandler handler) {
    return RelayNode.in(installation)
        .named(name)
        .relay(options -> options.withMode(mode))
        .handlers(handler)
        .start();
  }

  @Test
  void everySwitchUnderLoadLosesNothingAndKeepsTheOrder() throws Exception {
    try (Installation installation = Installation.polled()) {
      EffectHandler handler = new EffectHandler(installation.sql());
      AtomicBoolean over = new AtomicBoolean();
      AtomicLong appended = new AtomicLong();
      ExecutorService writer = Executors.newSingleThreadExecutor();
      try {
        RelayNode application = RelayNode.in(installation).build();
        Future<?> writing =
            writer.submit(
                () -> {
                  while (!over.get()) {
                    application.publish(new Counted("a", appended.incrementAndGet()));
                    LockSupport.parkNanos(PACE_NANOS);
                  }
                });
        for (RelayMode mode :
            List.of(
                RelayMode.CDC,
                RelayMode.POLLING,
                RelayMode.CDC,
                RelayMode.POLLING,
                RelayMode.POLLING,
                RelayMode.CDC)) {
          long before = effects(installation);
          try (RelayNode node = node(installation, "node", mode, handler)) {
            await().atMost(SOON).until(() -> effects(installation) > before + 100);
            RelayState expected = mode == RelayMode.CDC ? RelayState.STREAMING : RelayState.POLLING;
            await().atMost(SOON).until(() -> node.relay().status().state() == expected);
            assertThat(node.relay().status().gaps()).as("a switch is no gap").isZero();
          }
        }
        over.set(true);
        writing.get(60, TimeUnit.SECONDS);
        try (RelayNode last = node(installation, "last", RelayMode.POLLING, handler)) {
          await("every committed message takes effect once")
              .atMost(SOON)
              .until(() -> effects(installation) == appended.get());
        }
      } finally {
        over.set(true);
        writer.shutdownNow();
      }
      assertThat(handler.attempts().stream().map(Counted::version).distinct())
          .containsExactlyElementsOf(LongStream.rangeClosed(1, appended.get()).boxed().toList());
    }
  }

  private static long effects(Installation installation) {
    return installation.count("SELECT count(*) FROM effect");
  }

  @Test
  void modesExcludeEachOther() {
    try (Installation installation = Installation.polled()) {
      EffectHandler handler = new EffectHandler(installation.sql());
      try (RelayNode polls = node(installation, "polls", RelayMode.POLLING, handler)) {
        await().atMost(SOON).until(() -> polls.relay().status().state() == RelayState.POLLING);
        try (RelayNode streams = node(installation, "streams", RelayMode.CDC, handler)) {
          await().atMost(SOON).until(() -> "polls".equals(streams.relay().status().leader()));
          assertThat(streams.relay().status().state()).isEqualTo(RelayState.STANDBY);
          polls.close();
          await()
              .atMost(SOON)
              .until(() -> streams.relay().status().state() == RelayState.STREAMING);
          assertThat(
                  installation.count(
                      "SELECT count(*) FROM evenkeel.relay_state WHERE mode = 'embedded'"))
              .isEqualTo(1);
        }
      }
    }
  }

  @Test
  void automaticModeStreamsWhereTheWalCanBeRead() {
    try (Installation installation = Installation.polled();
        RelayNode node =
            node(installation, "node", RelayMode.AUTO, new EffectHandler(installation.sql()))) {
      await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
      assertThat(node.relay().status().choice()).contains("auto").contains("can be read");
    }
  }

  @Test
  void automaticModePollsWhereItCannotAndSaysWhy() {
    try (PostgresServer server = PostgresServer.builder().setting("wal_level", "replica").start();
        Installation installation = Installation.in(server.createDatabase("app"))) {
      EffectHandler handler = new EffectHandler(installation.sql());
      try (RelayNode node = node(installation, "node", RelayMode.AUTO, handler)) {
        node.publish(new Counted("a", 1));
        await().atMost(SOON).until(() -> effects(installation) == 1);
        assertThat(node.relay().status().state()).isEqualTo(RelayState.POLLING);
        assertThat(node.relay().status().choice())
            .contains("auto")
            .contains("wal_level must be logical, was replica");
      }
    }
  }
}
