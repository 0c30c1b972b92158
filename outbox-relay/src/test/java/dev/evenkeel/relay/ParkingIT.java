package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedState;
import dev.evenkeel.outbox.delivery.LaneOptions;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.UncategorizedSQLException;

/** What becomes of messages that can't be handled now, and of the keys they belong to. */
class ParkingIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  /** Dead after five attempts and well below two seconds. */
  private static final LaneOptions SHORT =
      new LaneOptions(
          8,
          2,
          Duration.ofMillis(100),
          3,
          Duration.ofMillis(20),
          Duration.ofMillis(100),
          Duration.ofMillis(500),
          Duration.ofSeconds(2));

  @Test
  void failingKeyIsParkedWithItsLaterMessagesAndHoldsOnlyItself() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation).first(Ledger.failing("poison"));
      try (RelayNode node = started(installation, ledger)) {
        node.publish(counted("poison", 1, 3));
        node.publish(counted("healthy", 1, 50));

        await().atMost(SOON).until(() -> ledger.handled("first", "healthy").size() == 50);
        await()
            .atMost(SOON)
            .until(() -> states(installation, "poison").equals("DEAD QUEUED QUEUED"));
        await().atMost(SOON).until(() -> node.relay().status().inFlight() == 0);
        assertThat(ledger.attempts("first", "poison")).containsExactly(1L, 1L, 1L, 1L, 1L);
        ParkedMessage dead = node.parked().deadLetters(10).get(0);
        assertThat(dead.reason()).isEqualTo(ParkReason.HANDLER_FAILED);
        assertThat(dead.attempts()).isEqualTo(3);
        assertThat(dead.error()).contains("poison is poison");
        assertThat(node.parked().counts().keys()).isOne();
        assertThat(ledger.handled("first", "poison")).isEmpty();
      }
    }
  }

  @Test
  void retriedDeadLetterReleasesItsKeyInOrder() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation).first(Ledger.failing("poison"));
      try (RelayNode node = started(installation, ledger)) {
        node.publish(counted("poison", 1, 20));
        ParkedMessage dead = awaitDead(node, "poison");

        ledger.first(Ledger.Behaviour.FINE);
        assertThat(node.parked().retry("first", dead.message().id(), "operator")).isTrue();
        assertThat(node.parked().retry("first", dead.message().id(), "operator")).isFalse();

        await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
        assertThat(ledger.handled("first", "poison")).containsExactlyElementsOf(versions(1, 20));
        node.publish(new Counted("poison", 21));
        await().atMost(SOON).until(() -> ledger.handled("first", "poison").size() == 21);
      }
    }
  }

  @Test
  void discardedDeadLetterIsLeftOutAndItsKeyGoesOn() {
    try (Installation installation = Installation.create()) {
      Ledger ledger =
          new Ledger(installation)
              .first(
                  (event, message) -> {
                    if (event.version() == 1) {
                      throw new IllegalStateException("only the first is poison");
                    }
                  });
      try (RelayNode node = started(installation, ledger)) {
        node.publish(counted("poison", 1, 5));
        ParkedMessage dead = awaitDead(node, "poison");

        assertThat(node.parked().discard("first", dead.message().id(), "operator", "a test"))
            .isTrue();

        await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
        assertThat(ledger.handled("first", "poison")).containsExactlyElementsOf(versions(2, 5));
        assertThat(node.parked().find("first", dead.message().id()).orElseThrow().state())
            .isEqualTo(ParkedState.DISCARDED);
      }
    }
  }

  @Test
  void releaseMergesIntoTheLiveStreamWithoutOvertaking() throws Exception {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation).first(Ledger.failing("poison"));
      CountDownLatch halfWritten = new CountDownLatch(250);
      try (RelayNode node = started(installation, ledger)) {
        node.publish(counted("poison", 1, 50));
        ParkedMessage dead = awaitDead(node, "poison");
        CompletableFuture<Void> writer =
            CompletableFuture.runAsync(
                () -> {
                  for (long version = 51; version <= 550; version++) {
                    node.publish(new Counted("poison", version));
                    halfWritten.countDown();
                  }
                });
        // While it is released it is parked again several times, so that the merge repeats.
        AtomicInteger failures = new AtomicInteger();
        ledger.first(
            (event, message) -> {
              if (event.version() % 97 == 0 && failures.incrementAndGet() % 4 != 0) {
                throw new IllegalStateException("again");
              }
            });
        assertThat(node.parked().retry("first", dead.message().id(), "operator")).isTrue();

        assertThat(halfWritten.await(15, TimeUnit.SECONDS)).isTrue();
        writer.get(60, TimeUnit.SECONDS);
        await()
            .atMost(SOON)
            .untilAsserted(
                () -> {
                  node.parked()
                      .deadLetters(10)
                      .forEach(d -> node.parked().retry("first", d.message().id(), "operator"));
                  assertThat(ledger.handled("first")).isEqualTo(550);
                });
        assertThat(ledger.handled("first", "poison")).containsExactlyElementsOf(versions(1, 550));
        assertThat(failures.get()).isGreaterThan(5);
      }
    }
  }

  @Test
  void consumersOfOneEventAreIndependent() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation).first(Ledger.failing("a"));
      try (RelayNode node =
          RelayNode.in(installation)
              .handlers(ledger.firstConsumer(), ledger.secondConsumer())
              .lanes(SHORT)
              .start()) {
        node.publish(counted("a", 1, 20));

        await().atMost(SOON).until(() -> ledger.handled("second", "a").size() == 20);
        awaitDead(node, "a");
        assertThat(ledger.handled("second", "a")).containsExactlyElementsOf(versions(1, 20));
        assertThat(ledger.attempts("second", "a")).hasSize(20);
        assertThat(ledger.handled("first", "a")).isEmpty();
        assertThat(
                installation.count(
                    "SELECT count(*) FROM evenkeel.parked_message WHERE consumer = 'second'"))
            .isZero();
      }
    }
  }

  @OutboxEvent(type = "mystery", aggregateType = "counter", key = "key")
  record Mystery(String key, long version) {}

  @OutboxEvent(type = "mystery", version = 2, aggregateType = "counter", key = "key")
  record NewerMystery(String key, long version) {}

  private record MysteryHandler(List<Long> versions) {
    @InboxHandler(consumer = "solver")
    void on(Mystery event) {
      versions.add(event.version());
    }
  }

  private record NewerMysteryHandler() {
    @InboxHandler(consumer = "solver")
    void on(NewerMystery event) {
      throw new AssertionError("no newer one was sent: " + event);
    }
  }

  @Test
  void unknownTypeWaitsUntilAProcessThatKnowsItLeads() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      try (RelayNode node = started(installation, ledger)) {
        publishRaw(node, "mystery", 1, "k", "{\"key\":\"k\",\"version\":1}");
        publishRaw(node, "mystery", 1, "k", "{\"key\":\"k\",\"version\":2}");
        node.publish(new Counted("k", 1));

        await().atMost(SOON).until(() -> ledger.handled("first", "k").size() == 1);
        ParkedMessage dead = awaitDead(node, "k");
        assertThat(dead.consumer()).isEqualTo("*");
        assertThat(dead.reason()).isEqualTo(ParkReason.UNKNOWN_TYPE);

        assertThat(node.parked().retry("*", dead.message().id(), "operator")).isTrue();
        await().atMost(SOON).until(() -> awaitDead(node, "k").attempts() == 1);
        assertThat(awaitDead(node, "k").error()).contains("knows the type \"mystery\"");
      }
      List<Long> solved = new CopyOnWriteArrayList<>();
      try (RelayNode node =
          RelayNode.in(installation)
              .events(Counted.class, Mystery.class)
              .handlers(ledger.firstConsumer(), new MysteryHandler(solved))
              .lanes(SHORT)
              .start()) {
        ParkedMessage dead = awaitDead(node, "k");
        assertThat(node.parked().retry("*", dead.message().id(), "operator")).isTrue();

        await().atMost(SOON).until(() -> solved.size() == 2);
        assertThat(solved).containsExactly(1L, 2L);
        await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
      }
    }
  }

  @Test
  void unknownTypeIsNotDroppedWhenOnlyAnotherVersionOfItBecameKnown() {
    try (Installation installation = Installation.create()) {
      try (RelayNode node = started(installation, new Ledger(installation))) {
        publishRaw(node, "mystery", 1, "k", "{\"key\":\"k\",\"version\":1}");
        awaitDead(node, "k");
      }
      try (RelayNode node =
          RelayNode.in(installation)
              .events(Counted.class, NewerMystery.class)
              .handlers(new Ledger(installation).firstConsumer(), new NewerMysteryHandler())
              .lanes(SHORT)
              .start()) {
        ParkedMessage dead = awaitDead(node, "k");
        assertThat(node.parked().retry("*", dead.message().id(), "operator")).isTrue();

        await().atMost(SOON).until(() -> awaitDead(node, "k").consumer().equals("solver"));
        await() // it is parked anew for the one, then ended for the other
            .atMost(SOON)
            .until(
                () ->
                    node.parked().find("*", dead.message().id()).orElseThrow().state()
                        == ParkedState.HANDLED);
      }
    }
  }

  @Test
  void newerVersionIsADeadLetterThatHoldsItsKey() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      try (RelayNode node = started(installation, ledger)) {
        publishRaw(node, "counted", 2, "k", "{\"key\":\"k\",\"version\":1}");
        node.publish(new Counted("k", 2), new Counted("other", 1));

        ParkedMessage dead = awaitDead(node, "k");
        assertThat(dead.reason()).isEqualTo(ParkReason.UNKNOWN_VERSION);
        assertThat(dead.consumer()).isEqualTo("first");
        await().atMost(SOON).until(() -> states(installation, "k").equals("DEAD QUEUED"));
        await().atMost(SOON).until(() -> ledger.handled("first", "other").size() == 1);

        node.parked().discard("first", dead.message().id(), "operator", "a test");
        await().atMost(SOON).until(() -> ledger.handled("first", "k").equals(List.of(2L)));
      }
    }
  }

  @Test
  void unreadablePayloadIsADeadLetterAtOnce() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      try (RelayNode node = started(installation, ledger)) {
        publishRaw(node, "counted", 1, "k", "not JSON");
        node.publish(new Counted("other", 1));

        ParkedMessage dead = awaitDead(node, "k");
        assertThat(dead.reason()).isEqualTo(ParkReason.UNREADABLE);
        assertThat(dead.attempts()).isZero();
        assertThat(ledger.attempts("first", "k")).isEmpty();
        await().atMost(SOON).until(() -> ledger.handled("first", "other").size() == 1);
      }
    }
  }

  @Test
  void messageOlderThanTheWindowIsADeadLetterThatARetryMayStillRelease() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      AtomicReference<Duration> offset = new AtomicReference<>(Duration.ofDays(11));
      try (RelayNode node =
          RelayNode.in(installation)
              .handlers(ledger.firstConsumer())
              .lanes(SHORT)
              .time(offset::get)
              .start()) {
        node.publish(new Counted("late", 1));

        ParkedMessage dead = awaitDead(node, "late");
        assertThat(dead.reason()).isEqualTo(ParkReason.EXPIRED);
        assertThat(ledger.attempts("first", "late")).isEmpty();

        node.parked().retry("first", dead.message().id(), "operator");
        await().atMost(SOON).until(() -> ledger.handled("first", "late").size() == 1);
      }
    }
  }

  @Test
  void keyThatFailsForAnHourHoldsNeitherOthersNorMemoryNorWal() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation).first(Ledger.failing("poison"));
      AtomicReference<Duration> offset = new AtomicReference<>(Duration.ZERO);
      LaneOptions hours =
          new LaneOptions(
              8,
              2,
              Duration.ofMillis(100),
              100,
              Duration.ofSeconds(1),
              Duration.ofMinutes(5),
              Duration.ofSeconds(1),
              Duration.ofSeconds(2));
      try (RelayNode node =
          RelayNode.in(installation)
              .handlers(ledger.firstConsumer())
              .lanes(hours)
              .time(offset::get)
              .start()) {
        for (int turn = 1; turn <= 12; turn++) {
          long done = turn * 10L;
          node.publish(counted("poison", done - 9, done));
          node.publish(counted("healthy", done - 9, done));
          await().atMost(SOON).until(() -> ledger.handled("first", "healthy").size() == done);
          await().atMost(SOON).until(() -> node.relay().status().inFlight() == 0);
          offset.updateAndGet(o -> o.plusMinutes(5));
        }
        assertThat(ledger.handled("first", "poison")).isEmpty();
        await()
            .atMost(SOON)
            .untilAsserted(
                () -> assertThat(node.relay().lag().retainedBytes()).isLessThan(40L << 20));
        assertThat(node.parked().deadLetters(1)).isEmpty();
        assertThat(states(installation, "poison")).startsWith("RETRYING QUEUED");

        ledger.first(Ledger.Behaviour.FINE);
        offset.updateAndGet(o -> o.plusMinutes(10));
        await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
        assertThat(ledger.handled("first", "poison")).containsExactlyElementsOf(versions(1, 120));
      }
    }
  }

  @Test
  void everyTenthDeadlockCountsAsAnAttempt() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      ledger.first(
          (event, message) -> {
            boolean nineTimes = ledger.attempts("first", event.key()).size() < 10;
            if (event.key().equals("always") || (event.key().equals("nine-times") && nineTimes)) {
              throw new UncategorizedSQLException(
                  "a test", null, new SQLException("deadlock detected", "40P01"));
            }
          });
      LaneOptions oneAttempt =
          new LaneOptions(
              8,
              1,
              Duration.ofSeconds(10),
              2,
              Duration.ofMillis(20),
              Duration.ofMillis(100),
              Duration.ofMillis(500),
              Duration.ofSeconds(2));
      try (RelayNode node =
          RelayNode.in(installation).handlers(ledger.firstConsumer()).lanes(oneAttempt).start()) {
        node.publish(new Counted("nine-times", 1), new Counted("always", 1));

        await().atMost(SOON).until(() -> ledger.handled("first", "nine-times").size() == 1);
        assertThat(awaitDead(node, "always").attempts()).isEqualTo(2);
        assertThat(ledger.attempts("first", "nine-times")).hasSize(10);
        assertThat(ledger.attempts("first", "always")).hasSize(30); // once in memory, twice parked
        assertThat(states(installation, "nine-times")).isEmpty();
      }
    }
  }

  private static RelayNode started(Installation installation, Ledger ledger) {
    return RelayNode.in(installation).handlers(ledger.firstConsumer()).lanes(SHORT).start();
  }

  private static Object[] counted(String key, long from, long to) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> new Counted(key, n)).toArray();
  }

  private static List<Long> versions(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private static void publishRaw(
      RelayNode node, String type, int version, String key, String payload) {
    node.publish(
        OutboxMessage.of(type, version, "counter", key, payload.getBytes(StandardCharsets.UTF_8)));
  }

  private static ParkedMessage awaitDead(RelayNode node, String key) {
    return await()
        .atMost(SOON)
        .until(
            () ->
                node.parked().deadLetters(10).stream()
                    .filter(dead -> dead.message().aggregateId().equals(key))
                    .findFirst(),
            found -> found.isPresent())
        .orElseThrow();
  }

  private static String states(Installation installation, String key) {
    return String.join(
        " ",
        installation
            .sql()
            .queryForList(
                "SELECT state FROM evenkeel.parked_message WHERE aggregateid = ? ORDER BY position",
                String.class,
                key));
  }
}
