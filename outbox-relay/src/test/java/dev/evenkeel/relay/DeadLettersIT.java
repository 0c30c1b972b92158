package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.DeadLetter;
import dev.evenkeel.outbox.DeadLetterEdit;
import dev.evenkeel.outbox.DeadLetterFilter;
import dev.evenkeel.outbox.OrderKey;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.delivery.LaneOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

/** What operators do to dead letters while messages flow. */
class DeadLettersIT {

  private static final Logger log = LoggerFactory.getLogger(DeadLettersIT.class);

  private static final Duration SOON = Duration.ofSeconds(60);

  /** Dead after two attempts and a few milliseconds. */
  private static final LaneOptions SHORT =
      new LaneOptions(
          8,
          1,
          Duration.ofMillis(10),
          1,
          Duration.ofMillis(1),
          Duration.ofMillis(10),
          Duration.ofMillis(500),
          Duration.ofSeconds(2));

  /**
   * Every operator's action in the middle of load: what each key's effects are is known exactly.
   */
  @Test
  void everyActionUnderLoadKeepsTheOrderOfEachKey() throws Exception {
    int keys = 6;
    long messages = 150;
    try (Installation installation = Installation.create()) {
      Set<String> cured = ConcurrentHashMap.newKeySet();
      Ledger ledger =
          new Ledger(installation)
              .first(
                  (event, message) -> {
                    if (event.version() > 0
                        && event.version() % 15 == 0
                        && !cured.contains(event.key() + event.version())) {
                      throw new IllegalStateException("not yet");
                    }
                  });
      Map<String, Long> instead = new ConcurrentHashMap<>(); // 0 stands for nothing
      try (RelayNode node = started(installation, ledger)) {
        AtomicBoolean written = new AtomicBoolean();
        CompletableFuture<Void> writer =
            CompletableFuture.runAsync(
                () -> {
                  for (long version = 1; version <= messages; version++) {
                    for (int key = 0; key < keys; key++) {
                      node.publish(new Counted("key-" + key, version));
                    }
                  }
                  written.set(true);
                });
        AtomicInteger turn = new AtomicInteger();
        AtomicInteger whileWriting = new AtomicInteger();
        await()
            .atMost(SOON)
            .pollInterval(Duration.ofMillis(10))
            .until(
                () -> {
                  for (DeadLetter letter : letters(node)) {
                    decide(node.parked(), letter, turn.incrementAndGet(), cured, instead);
                    if (!written.get()) {
                      whileWriting.incrementAndGet();
                    }
                  }
                  return writer.isDone()
                      && node.parked().counts().keys() == 0
                      && node.relay().status().inFlight() == 0;
                });
        writer.get();
        assertThat(turn.get()).isGreaterThanOrEqualTo(keys * 10);
        assertThat(whileWriting.get()).isPositive(); // otherwise there was no load
        for (int n = 0; n < keys; n++) {
          String key = "key-" + n;
          assertThat(ledger.handled("first", key))
              .containsExactlyElementsOf(
                  versions(1, messages).stream()
                      .map(version -> instead.getOrDefault(key + version, version))
                      .filter(version -> version != 0)
                      .toList());
        }
        assertThat(installation.count("SELECT count(*) FROM evenkeel.parked_action"))
            .isGreaterThanOrEqualTo(turn.get());
      }
    }
  }

  private static void decide(
      ParkedMessages parked,
      DeadLetter letter,
      int turn,
      Set<String> cured,
      Map<String, Long> instead)
      throws Exception {
    OrderKey key = new OrderKey(letter.aggregateType(), letter.aggregateId());
    ParkedMessage message = parked.find(letter.consumer(), letter.messageId()).orElseThrow();
    String payload = new String(message.message().payload(), StandardCharsets.UTF_8);
    String version = payload.replaceAll(".*\"version\":(-?\\d+).*", "$1");
    String id = letter.aggregateId() + version;
    DeadLetterFilter ofKey = DeadLetterFilter.all().withKey(key);
    switch (turn % 5) {
      case 0 -> {
        cured.add(id);
        assertThat(parked.retry(letter.consumer(), letter.messageId(), "operator")).isTrue();
      }
      case 1 -> {
        cured.add(id);
        assertThat(parked.retry(ofKey, "operator")).isOne();
      }
      case 2 -> {
        instead.put(id, 0L);
        assertThat(parked.discard(letter.consumer(), letter.messageId(), "operator", "a test"))
            .isTrue();
      }
      case 3 -> {
        instead.put(id, 0L);
        assertThat(parked.discard(ofKey, "operator", "a test")).isOne();
      }
      default -> {
        instead.put(id, -Long.parseLong(version));
        byte[] edited =
            payload
                .replace("\"version\":" + version, "\"version\":-" + version)
                .getBytes(StandardCharsets.UTF_8);
        assertThat(
                parked.edit(
                    letter.consumer(),
                    letter.messageId(),
                    DeadLetterEdit.ofPayload(letter.revision(), edited),
                    "operator",
                    "a test"))
            .isEqualTo(DeadLetterEdit.Outcome.EDITED);
        assertThat(parked.retry(letter.consumer(), letter.messageId(), "operator")).isTrue();
      }
    }
  }

  @Test
  void keyWithManyParkedMessagesIsReleasedInOrderWhileLiveOnesArrive() throws Exception {
    releaseWhileLiveOnesArrive(1_000, Duration.ofSeconds(15));
  }

  /** On a busy machine with two cores it took 10 to 15 s. */
  @Test
  @Tag("slow")
  void keyWithTenThousandParkedMessagesIsReleasedInOrderWhileLiveOnesArrive() throws Exception {
    releaseWhileLiveOnesArrive(10_000, Duration.ofSeconds(60));
  }

  private static void releaseWhileLiveOnesArrive(int parked, Duration within) throws Exception {
    int live = 200;
    try (Installation installation = Installation.create()) {
      AtomicLong last = new AtomicLong();
      Ledger ledger = new Ledger(installation).first((event, message) -> last.set(event.version()));
      try (RelayNode node = started(installation, ledger)) {
        node.publish(new Counted("other", 1));
        await().atMost(SOON).until(() -> ledger.handled("first", "other").size() == 1);
        last.set(0);
        park(installation, "big", parked);
        DeadLetter head = letters(node).get(0);
        AtomicInteger arrivedBefore = new AtomicInteger();
        long begun = System.nanoTime();
        assertThat(node.parked().retry("first", head.messageId(), "operator")).isTrue();
        CompletableFuture<Void> writer =
            CompletableFuture.runAsync(
                () -> {
                  for (long version = parked + 1; version <= parked + live; version++) {
                    node.publish(new Counted("big", version));
                    if (last.get() < parked) {
                      arrivedBefore.incrementAndGet();
                    }
                  }
                });

        await().atMost(Duration.ofSeconds(60)).until(() -> last.get() == parked + live);
        double seconds = (System.nanoTime() - begun) / 1e9;
        writer.get();
        log.info(
            "{} messages of one key released in {} s, {}/s",
            parked + live,
            seconds,
            Math.round((parked + live) / seconds));
        await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
        assertThat(ledger.handled("first", "big"))
            .containsExactlyElementsOf(versions(1, parked + live));
        assertThat(arrivedBefore.get()).isPositive();
      }
    }
  }

  /** As if the first had died and all others had come since. */
  private static void park(Installation installation, String key, int messages) {
    installation
        .sql()
        .update(
            """
            INSERT INTO evenkeel.parked_message (consumer, message_id, aggregatetype, aggregateid, type, version,
                   created_at, headers, payload, state, reason, parked_at)
            SELECT 'first', gen_random_uuid(), 'counter', ?, 'counted', 1, clock_timestamp(), '{}',
                   convert_to(format('{"key":"%s","version":%s}', ?::text, n), 'UTF8'),
                   CASE n WHEN 1 THEN 'DEAD' ELSE 'QUEUED' END, 'BEHIND', clock_timestamp()
              FROM generate_series(1, ?) AS n ORDER BY n
            """,
            key, key, messages);
    installation
        .sql()
        .update(
            "INSERT INTO evenkeel.parked_key (consumer, aggregatetype, aggregateid) VALUES ('first', 'counter', ?)",
            key);
  }

  @Test
  void deadLettersRetriedByFilterAreReleasedOnceAndInOrderAcrossALeaderChange() {
    int keys = 30;
    long messages = 40;
    try (Installation installation = Installation.create()) {
      CountDownLatch midst = new CountDownLatch((int) (keys * messages / 4));
      HikariDataSource pool = Installation.pool(installation.database(), 20);
      Ledger left = new Ledger(new JdbcTemplate(pool)).first((e, m) -> midst.countDown());
      Ledger right = new Ledger(installation);
      RelayNode other = null;
      try {
        RelayNode node =
            RelayNode.in(installation)
                .named("left")
                .dataSource(pool)
                .handlers(left.firstConsumer())
                .lanes(SHORT)
                .start();
        await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
        for (int n = 0; n < keys; n++) {
          park(installation, "key-" + n, (int) messages);
        }
        other =
            RelayNode.in(installation)
                .named("right")
                .handlers(right.firstConsumer())
                .lanes(SHORT)
                .start();

        assertThat(other.parked().retry(DeadLetterFilter.all().withConsumer("first"), "operator"))
            .isEqualTo(keys);
        await().atMost(SOON).until(() -> midst.getCount() == 0);
        pool.close(); // cuts whatever handlers are doing
        node.close();

        await().atMost(SOON).until(() -> right.handled("first") >= keys * messages);
        RelayNode survivor = other;
        await().atMost(SOON).until(() -> survivor.parked().counts().keys() == 0);
        for (int n = 0; n < keys; n++) {
          assertThat(right.handled("first", "key-" + n))
              .containsExactlyElementsOf(versions(1, messages));
        }
        assertThat(midst.getCount()).isZero();
        assertThat(attempts(right, keys)).isPositive(); // it did take over in the middle
      } finally {
        pool.close();
        if (other != null) {
          other.close();
        }
      }
    }
  }

  private static int attempts(Ledger ledger, int keys) {
    int attempts = 0;
    for (int n = 0; n < keys; n++) {
      attempts += ledger.attempts("first", "key-" + n).size();
    }
    return attempts;
  }

  @Test
  void skippedDeadLetterHoldsNobodyAndComesLateWhenRetried() {
    try (Installation installation = Installation.create()) {
      AtomicBoolean cured = new AtomicBoolean();
      Ledger ledger = new Ledger(installation).skipping(failing(cured, 3));
      try (RelayNode node = skipping(installation, ledger)) {
        node.publish(counted("k", 1, 10));

        await().atMost(SOON).until(() -> ledger.handled("skipping", "k").size() == 9);
        await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
        DeadLetter letter = letters(node).get(0);
        assertThat(letter.aside()).isTrue();
        assertThat(letter.error()).contains("not 3");
        assertThat(letter.reason()).isEqualTo(ParkReason.HANDLER_FAILED);

        cured.set(true);
        assertThat(node.parked().retry("skipping", letter.messageId(), "operator")).isTrue();
        await().atMost(SOON).until(() -> ledger.handled("skipping", "k").size() == 10);
        node.publish(counted("k", 11, 20));
        await().atMost(SOON).until(() -> ledger.handled("skipping", "k").size() == 20);
        List<Long> expected = new ArrayList<>(List.of(1L, 2L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 3L));
        expected.addAll(versions(11, 20));
        assertThat(ledger.handled("skipping", "k")).containsExactlyElementsOf(expected);
      }
    }
  }

  @Test
  void whatIsDeadAtOnceIsSkippedToo() {
    try (Installation installation = Installation.create()) {
      Ledger ledger = new Ledger(installation);
      try (RelayNode node = skipping(installation, ledger)) {
        node.publish(raw("counted", 1, "k", "not JSON"));
        node.publish(raw("counted", 2, "k", "{\"key\":\"k\",\"version\":2}"));
        node.publish(new Counted("k", 3));

        await().atMost(SOON).until(() -> ledger.handled("skipping", "k").equals(List.of(3L)));
        await().atMost(SOON).until(() -> letters(node).size() == 2);
        assertThat(letters(node))
            .extracting(DeadLetter::reason)
            .containsExactly(ParkReason.UNREADABLE, ParkReason.UNKNOWN_VERSION);
        assertThat(letters(node)).allMatch(DeadLetter::aside);
        assertThat(node.parked().counts().keys()).isZero();
      }
    }
  }

  @Test
  void unknownTypeBlocksWhateverThePolicy() {
    try (Installation installation = Installation.create()) {
      try (RelayNode node = skipping(installation, new Ledger(installation))) {
        node.publish(raw("mystery", 1, "k", "{}"));

        await().atMost(SOON).until(() -> letters(node).size() == 1);
        assertThat(letters(node).get(0).aside()).isFalse();
        assertThat(node.parked().counts().keys()).isOne();
      }
    }
  }

  /** One of the two would see what the other has not committed. */
  @Test
  void retriedLetterWaitsForTheLiveMessageOfItsKeyThatIsUnderWay() throws Exception {
    try (Installation installation = Installation.create()) {
      CountDownLatch entered = new CountDownLatch(1);
      CountDownLatch leave = new CountDownLatch(1);
      AtomicBoolean cured = new AtomicBoolean();
      Ledger ledger = new Ledger(installation);
      ledger.skipping(
          (event, message) -> {
            failing(cured, 1).on(event, message);
            if (event.version() == 2) {
              entered.countDown();
              leave.await();
            }
          });
      try (RelayNode node = skipping(installation, ledger)) {
        node.publish(new Counted("k", 1));
        await().atMost(SOON).until(() -> letters(node).size() == 1);
        int attempts = ledger.attempts("skipping", "k").size();
        node.publish(new Counted("k", 2));
        assertThat(entered.await(15, TimeUnit.SECONDS)).isTrue();

        cured.set(true);
        node.parked().retry("skipping", letters(node).get(0).messageId(), "operator");
        node.publish(new Counted("k", 3));

        // Several looks for releases; the handler's time is not over yet.
        await()
            .during(Duration.ofMillis(700))
            .atMost(Duration.ofMillis(1_500))
            .until(() -> ledger.attempts("skipping", "k").size() == attempts + 1);
        leave.countDown();
        await()
            .atMost(SOON)
            .until(() -> ledger.handled("skipping", "k").equals(List.of(2L, 1L, 3L)));
      } finally {
        leave.countDown();
      }
    }
  }

  @Test
  void retriedLettersMergeIntoALiveKeyWithoutOverlapAndWithoutLoss() throws Exception {
    long messages = 150;
    try (Installation installation = Installation.create()) {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger overlaps = new AtomicInteger();
      Set<Long> failed = ConcurrentHashMap.newKeySet();
      Ledger ledger = new Ledger(installation);
      ledger.skipping(
          (event, message) -> {
            if (inside.incrementAndGet() > 1) {
              overlaps.incrementAndGet();
            }
            try {
              // Lives from its third attempt on: so it dies once.
              if (event.version() % 7 == 0
                  && ledger.attempts("skipping", "k").stream()
                          .filter(version -> version == event.version())
                          .count()
                      <= 2) {
                failed.add(event.version());
                throw new IllegalStateException("not yet");
              }
            } finally {
              inside.decrementAndGet();
            }
          });
      try (RelayNode node = skipping(installation, ledger)) {
        CompletableFuture<Void> writer =
            CompletableFuture.runAsync(
                () -> {
                  for (long version = 1; version <= messages; version++) {
                    node.publish(new Counted("k", version));
                  }
                });
        await()
            .atMost(SOON)
            .pollInterval(Duration.ofMillis(5))
            .until(
                () -> {
                  node.parked().retry(DeadLetterFilter.all(), "operator");
                  return ledger.handled("skipping") == messages;
                });
        writer.get();

        List<Long> handled = ledger.handled("skipping", "k");
        assertThat(handled).containsExactlyInAnyOrderElementsOf(versions(1, messages));
        assertThat(handled.stream().filter(version -> version % 7 != 0).toList()).isSorted();
        assertThat(failed).hasSize((int) (messages / 7));
        assertThat(overlaps.get()).isZero();
        await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
      }
    }
  }

  private static Ledger.Behaviour failing(AtomicBoolean cured, long version) {
    return (event, message) -> {
      if (event.version() == version && !cured.get()) {
        throw new IllegalStateException("not " + version);
      }
    };
  }

  private static List<DeadLetter> letters(RelayNode node) {
    return node.parked().deadLetters(DeadLetterFilter.all(), null, 100).letters();
  }

  private static RelayNode started(Installation installation, Ledger ledger) {
    return RelayNode.in(installation).handlers(ledger.firstConsumer()).lanes(SHORT).start();
  }

  private static RelayNode skipping(Installation installation, Ledger ledger) {
    return RelayNode.in(installation).handlers(ledger.skippingConsumer()).lanes(SHORT).start();
  }

  private static OutboxMessage raw(String type, int version, String key, String payload) {
    return OutboxMessage.of(
        type, version, "counter", key, payload.getBytes(StandardCharsets.UTF_8));
  }

  private static Object[] counted(String key, long from, long to) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> new Counted(key, n)).toArray();
  }

  private static List<Long> versions(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }
}
