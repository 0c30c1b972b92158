package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.OutboxOptions;
import dev.evenkeel.outbox.OutboxOptions.ClaimCheckOptions;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.TablePayloadStore;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.PayloadStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Messages whose payloads lie in the payload store, on their way through relay, lanes and parking.
 */
class LargePayloadIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int LANES = 4;

  /** Parks after two attempts; dead after three more. */
  private static final LaneOptions SHORT =
      new LaneOptions(
          LANES,
          2,
          Duration.ofMillis(100),
          3,
          Duration.ofMillis(20),
          Duration.ofMillis(100),
          Duration.ofMillis(500),
          Duration.ofSeconds(10));

  @OutboxEvent(type = "report", aggregateType = "report", key = "key")
  private record Report(String key, int number, String text) {}

  /** What the table knows, unless a test says otherwise; counts what is taken out of it. */
  private final class Store implements PayloadStore {

    private final PayloadStore table =
        new TablePayloadStore(installation.dataSource(), Installation.SCHEMA);
    private final AtomicInteger loads = new AtomicInteger();
    private volatile boolean away;
    private volatile int forgets; // so many of the first loads

    @Override
    public String store(OutboxMessage message) {
      return table.store(message);
    }

    @Override
    public Optional<byte[]> load(String claim) {
      int load = loads.incrementAndGet();
      if (away) {
        throw new IllegalStateException("the store is away");
      }
      return load <= forgets ? Optional.empty() : table.load(claim);
    }
  }

  private interface Behaviour {
    void on(Report report) throws Exception;
  }

  private final Map<String, List<Integer>> handled = new ConcurrentHashMap<>();
  private Installation installation;
  private Store store;
  private volatile Behaviour behaviour = report -> {};

  @InboxHandler(consumer = "reports")
  void on(Report report, OutboxMessage message) throws Exception {
    behaviour.on(report);
    assertThat(report.text()).hasSizeGreaterThanOrEqualTo(10);
    assertThat(message.payload()).hasSizeGreaterThan(report.text().length());
    assertThat(message.headers()).doesNotContainKey(MessageHeaders.CLAIM_CHECK);
    handled.computeIfAbsent(report.key(), key -> new CopyOnWriteArrayList<>()).add(report.number());
  }

  @BeforeEach
  void open() {
    installation = Installation.create();
    store = new Store();
  }

  @AfterEach
  void close() {
    installation.close();
  }

  private RelayNode started() {
    return RelayNode.in(installation)
        .events(Report.class)
        .handlers(this)
        .lanes(SHORT)
        .outbox(
            new OutboxOptions(Installation.SCHEMA, 1 << 20, new ClaimCheckOptions(1_000, 16 << 20)))
        .payloads(store)
        .start();
  }

  private static Report large(String key, int number) {
    return new Report(key, number, "x".repeat(20_000));
  }

  private static Object[] large(String key, int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(n -> large(key, n)).toArray();
  }

  private static List<Integer> numbers(int from, int to) {
    return IntStream.rangeClosed(from, to).boxed().toList();
  }

  private List<Integer> handled(String key) {
    return handled.getOrDefault(key, List.of());
  }

  @Test
  void thousandLargeMessagesInFlightAreNotInMemory() {
    CountDownLatch go = new CountDownLatch(1);
    behaviour = report -> assertThat(go.await(9, TimeUnit.SECONDS)).isTrue();
    try (RelayNode node = started()) {
      await().atMost(SOON).until(() -> node.relay().status().state() == RelayState.STREAMING);
      for (int key = 0; key < 10; key++) {
        node.publish(large("k" + key, 1, 100));
      }

      await().atMost(SOON).until(() -> node.relay().status().inFlight() >= 1_000);
      assertThat(store.loads.get()).isLessThanOrEqualTo(LANES);
      go.countDown();

      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(IntStream.range(0, 10).mapToObj(key -> handled("k" + key)))
                      .allSatisfy(
                          numbers ->
                              assertThat(numbers).containsExactlyElementsOf(numbers(1, 100))));
      assertThat(store.loads).hasValue(1_000); // once for each attempt
      assertThat(installation.count("SELECT count(*) FROM evenkeel.parked_message")).isZero();
    } finally {
      go.countDown();
    }
  }

  @Test
  void parkedKeyOutlivesTheRingThatItsPayloadsCameFrom() {
    behaviour =
        report -> {
          throw new IllegalStateException("not now");
        };
    try (RelayNode node = started()) {
      node.publish(large("poison", 1, 5));
      await().atMost(SOON).until(() -> node.parked().counts().dead() == 1);
      await().atMost(SOON).until(() -> node.relay().status().inFlight() == 0);
      installation.sql().execute("TRUNCATE evenkeel.claim_check");
      behaviour = report -> {};

      ParkedMessage dead = node.parked().deadLetters(10).get(0);
      assertThat(dead.reason()).isEqualTo(ParkReason.HANDLER_FAILED);
      node.parked().retry("reports", dead.message().id(), "operator");

      await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
      assertThat(handled("poison")).containsExactlyElementsOf(numbers(1, 5));
    }
  }

  @Test
  void claimThatTheStoreDoesNotKnowIsADeadLetterWithThatReason() {
    store.forgets = Integer.MAX_VALUE;
    try (RelayNode node = started()) {
      node.publish(large("k", 1), new Report("small", 1, "0123456789"));

      await().atMost(SOON).until(() -> node.parked().counts().dead() == 1);
      ParkedMessage dead = node.parked().deadLetters(10).get(0);
      assertThat(dead.reason()).isEqualTo(ParkReason.CLAIM_MISSING);
      assertThat(dead.error()).contains("holds nothing for the claim \"home/");
      assertThat(dead.message().headers()).containsKey(MessageHeaders.CLAIM_CHECK);
      await().atMost(SOON).until(() -> handled("small").size() == 1);
      assertThat(handled("k")).isEmpty();

      // Still missing: dead again. Then the store has it back.
      node.parked().retry("reports", dead.message().id(), "operator");
      await().atMost(SOON).until(() -> node.parked().counts().dead() == 1);
      store.forgets = 0;
      node.parked().retry("reports", dead.message().id(), "operator");
      await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
      assertThat(handled("k")).containsExactly(1);
    }
  }

  @Test
  void claimThatIsNotVisibleYetIsLookedForAgain() {
    store.forgets = 1;
    try (RelayNode node = started()) {
      node.publish(large("k", 1));

      await().atMost(SOON).until(() -> handled("k").size() == 1);
      assertThat(installation.count("SELECT count(*) FROM evenkeel.parked_message")).isZero();
    }
  }

  @Test
  void storeThatIsAwayCostsNoAttemptAndHoldsOnlyWhatNeedsIt() {
    store.away = true;
    try (RelayNode node = started()) {
      node.publish(large("k", 1, 3));
      node.publish(new Report("small", 1, "0123456789"));

      await().atMost(SOON).until(() -> handled("small").size() == 1);
      // Longer than the outage's budget and than all attempts would have taken.
      await().atMost(SOON).until(() -> store.loads.get() >= 10);
      assertThat(installation.count("SELECT count(*) FROM evenkeel.parked_message")).isZero();
      assertThat(handled("k")).isEmpty();
      store.away = false;

      await().atMost(SOON).until(() -> handled("k").size() == 3);
      await().atMost(SOON).until(() -> node.parked().counts().keys() == 0);
      assertThat(handled("k")).containsExactly(1, 2, 3);
      assertThat(node.parked().counts().dead()).isZero();
    }
  }
}
