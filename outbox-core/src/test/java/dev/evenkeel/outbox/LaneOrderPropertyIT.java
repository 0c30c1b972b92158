package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.CoreDatabase.OrderPlaced;
import dev.evenkeel.outbox.delivery.InboxLanes;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * The messages of a key take effect in order, each once, whatever handlers do and however often a
 * relay hands over to the next one, which sends again what it knows no better of.
 */
class LaneOrderPropertyIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String CONSUMER = "orders";
  private static final int KEYS = 3;

  private static CoreDatabase database;

  private final Map<Integer, Integer> failures = new ConcurrentHashMap<>();
  private final Set<Integer> slow = ConcurrentHashMap.newKeySet();
  private final Map<String, AtomicInteger> inside = new ConcurrentHashMap<>();
  private final Set<String> overlapped = ConcurrentHashMap.newKeySet();

  /** What may happen. */
  sealed interface Turn {

    /**
     * A message is sent.
     *
     * @param failures of its handler, each after its effect, before it succeeds; from the second on
     *     while it is parked
     * @param slow whether its handler takes so long that the next turns overtake it
     */
    record Send(int key, int failures, boolean slow) implements Turn {}

    /**
     * The next relay begins while deliveries of the last are under way.
     *
     * @param back how many acknowledged messages it sends again, besides all after the first that
     *     is not acknowledged
     */
    record Takeover(int back) implements Turn {}
  }

  @BeforeContainer
  static void create() {
    database = new CoreDatabase();
    database.jdbc().execute("CREATE TABLE effect (position bigserial, key text, number int)");
  }

  @AfterContainer
  static void drop() {
    database.close();
  }

  @Provide
  Arbitrary<List<Turn>> turns() {
    Arbitrary<Turn> sends =
        Combinators.combine(
                Arbitraries.integers().between(1, KEYS),
                Arbitraries.frequency(Tuple.of(12, 0), Tuple.of(2, 1), Tuple.of(1, 3)),
                Arbitraries.of(true, false, false))
            .as(Turn.Send::new);
    Arbitrary<Turn> takeovers = Arbitraries.integers().between(0, 6).map(Turn.Takeover::new);
    return Arbitraries.frequencyOf(Tuple.of(10, sends), Tuple.of(1, takeovers))
        .list()
        .ofMinSize(20)
        .ofMaxSize(40);
  }

  @InboxHandler(consumer = CONSUMER)
  void on(OrderPlaced event) {
    if (inside.get(event.orderId()).incrementAndGet() > 1) {
      overlapped.add(event.orderId());
    }
    try {
      database
          .jdbc()
          .update(
              "INSERT INTO effect (key, number) VALUES (?, ?)", event.orderId(), event.number());
      if (slow.remove(event.number())) {
        database.jdbc().execute("SELECT pg_sleep(0.02)");
      }
      if (failures.merge(event.number(), -1, Integer::sum) >= 0) {
        throw new IllegalStateException("not yet");
      }
    } finally {
      inside.get(event.orderId()).decrementAndGet();
    }
  }

  private InboxLanes lanes(int lanes, InboxCommit commit) throws NoSuchMethodException {
    var method = LaneOrderPropertyIT.class.getDeclaredMethod("on", OrderPlaced.class);
    InboxReceiver receiver =
        new InboxReceiver(
            new InboxOptions(
                CoreDatabase.SCHEMA, Duration.ofDays(10), Duration.ofSeconds(5), commit),
            database.dataSource(),
            (consumer, message, shardKey) ->
                new TransactionTarget("home", database.dataSource(), database.transactionManager()),
            MessageObserver.NONE,
            TimeSource.SYSTEM);
    return new InboxLanes(
        new LaneOptions(
            lanes,
            2,
            Duration.ofMillis(20),
            20,
            Duration.ofMillis(1),
            Duration.ofMillis(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(5)),
        InboxHandlers.builder(CoreDatabase.TYPES, CoreDatabase.CODEC)
            .add(this, method, method.getAnnotation(InboxHandler.class))
            .build(),
        receiver,
        new ParkedStore(
            database.dataSource(), CoreDatabase.SCHEMA, MessageObserver.NONE, TimeSource.SYSTEM),
        MessageObserver.NONE,
        InboxLanes.UnknownTypes.PARK);
  }

  /** One term of one relay. */
  private static final class Term implements Leadership {

    private final long epoch;
    private volatile boolean over;

    Term(long epoch) {
      this.epoch = epoch;
    }

    @Override
    public long epoch() {
      return epoch;
    }

    @Override
    public Fence fence() {
      return Fence.relay(epoch);
    }

    @Override
    public boolean mayDispatch() {
      return !over;
    }
  }

  /** The relays of a run, one after the other, and what they sent. */
  private final class Relays {

    private final InboxLanes lanes;
    private final List<OutboxMessage> sent = new ArrayList<>();
    private final Set<Integer> acknowledged = ConcurrentHashMap.newKeySet();
    private Term term = new Term(0);
    private InboxLanes.Feed feed;

    Relays(InboxLanes lanes) {
      this.lanes = lanes;
      this.feed = lanes.open(term);
    }

    void take(Turn turn) {
      if (turn instanceof Turn.Send send) {
        int number = sent.size();
        String key = "k" + send.key();
        failures.put(number, send.failures());
        if (send.slow()) {
          slow.add(number);
        }
        sent.add(
            OutboxMessage.of(
                "order-placed",
                1,
                "order",
                key,
                CoreDatabase.CODEC.encode(new OrderPlaced(key, number))));
        send(number);
      } else if (turn instanceof Turn.Takeover takeover) {
        takeOver(takeover.back());
      }
    }

    private void takeOver(int back) {
      term.over = true;
      feed.close();
      int confirmed = 0;
      while (confirmed < sent.size() && acknowledged.contains(confirmed)) {
        confirmed++;
      }
      term = new Term(term.epoch() + 1);
      database.jdbc().update("UPDATE evenkeel.relay_state SET epoch = ?", term.epoch());
      feed = lanes.open(term);
      for (int number = Math.max(0, confirmed - back); number < sent.size(); number++) {
        send(number);
      }
    }

    private void send(int number) {
      feed.send(
          sent.get(number),
          new Acknowledgement() {
            @Override
            public void acknowledge() {
              acknowledged.add(number);
            }

            @Override
            public void fail(Throwable cause) {
              // Fenced out: the next relay sends it.
            }
          });
    }

    boolean areDone() {
      return acknowledged.size() == sent.size()
          && database.count("SELECT count(*) FROM evenkeel.parked_key") == 0;
    }
  }

  @Property(tries = 6, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.SAMPLE_ONLY)
  void eachMessageTakesEffectOnceAndInTheOrderOfItsKey(
      @ForAll("turns") List<Turn> turns,
      @ForAll @IntRange(min = 1, max = 8) int lanes,
      @ForAll InboxCommit commit)
      throws NoSuchMethodException {
    database.clear();
    database.jdbc().execute("TRUNCATE effect");
    for (int key = 1; key <= KEYS; key++) {
      inside.put("k" + key, new AtomicInteger());
    }
    Map<String, List<Integer>> expected = new HashMap<>();
    try (InboxLanes threads = lanes(lanes, commit)) {
      Relays relays = new Relays(threads);
      turns.forEach(relays::take);
      await().atMost(SOON).until(relays::areDone);
      for (int number = 0; number < relays.sent.size(); number++) {
        expected
            .computeIfAbsent(relays.sent.get(number).aggregateId(), key -> new ArrayList<>())
            .add(number);
      }
    }
    Map<String, List<Integer>> effects = new HashMap<>();
    database
        .jdbc()
        .query(
            "SELECT key, number FROM effect ORDER BY position",
            row -> {
              effects
                  .computeIfAbsent(row.getString("key"), key -> new ArrayList<>())
                  .add(row.getInt("number"));
            });
    assertThat(effects).as("messages of a key take effect once and in order").isEqualTo(expected);
    assertThat(overlapped).as("keys two of whose messages were handled at a time").isEmpty();
  }
}
