package dev.evenkeel.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.delivery.LaneOptions;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an {@code @InboxHandler} may rely on, whatever its messages travelled by. Extend it beside
 * your transport; JUnit runs the inherited tests.
 *
 * <p>Each test asks once for a {@link Way} to handlers whose effects happen in the given database.
 */
public abstract class ConsumerContract {

  /** The way of messages to handlers. Opened for one test. */
  public interface Way extends AutoCloseable {

    /** Sends a message, as a relay does; the same one may be sent twice. */
    void send(OutboxMessage message);

    /** What could not be handled on this way. */
    ParkedMessages parked();

    @Override
    void close();
  }

  /** Longest wait for something that should happen. */
  private static final Duration SOON = Duration.ofSeconds(30);

  private static final String FIRST = "first";
  private static final String SECOND = "second";

  /** Dead after five attempts and well below two seconds. */
  private static final LaneOptions LANES =
      new LaneOptions(
          8,
          2,
          Duration.ofMillis(100),
          3,
          Duration.ofMillis(20),
          Duration.ofMillis(100),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5));

  private final Set<String> failing = ConcurrentHashMap.newKeySet();
  private final Queue<String> attempts = new ConcurrentLinkedQueue<>();
  private EvenkeelDatabase database;
  private JdbcTemplate sql;

  /**
   * A way to the handlers.
   *
   * @param database where their effects, inbox rows and parked messages are
   * @param lanes what their deliveries go by
   */
  protected abstract Way open(
      EvenkeelDatabase database, EventTypes types, InboxHandlers handlers, LaneOptions lanes)
      throws Exception;

  /** Called by JUnit. */
  @BeforeEach
  final void createDatabase() {
    database = EvenkeelDatabase.create();
    sql = new JdbcTemplate(database.dataSource());
    sql.execute("CREATE TABLE effect (n bigserial, consumer text, key text, number int)");
  }

  /** Called by JUnit. */
  @AfterEach
  final void dropDatabase() {
    database.close();
  }

  /** The contract's handlers: note the attempt, take effect, and fail where the test says so. */
  private final class First {
    @InboxHandler(consumer = FIRST)
    void on(ContractEvent event) {
      handle(FIRST, event);
    }
  }

  private final class Second {
    @InboxHandler(consumer = SECOND)
    void on(ContractEvent event) {
      handle(SECOND, event);
    }
  }

  private void handle(String consumer, ContractEvent event) {
    String place = consumer + " " + event.key() + " " + event.number();
    attempts.add(place);
    sql.update(
        "INSERT INTO effect (consumer, key, number) VALUES (?, ?, ?)",
        consumer,
        event.key(),
        event.number());
    if (failing.contains(place) || failing.contains(consumer + " " + event.key())) {
      throw new IllegalStateException("the contract's handler fails on purpose");
    }
  }

  private Way open(Object... beans) throws Exception {
    JsonPayloadCodec codec = new JsonPayloadCodec(JsonMapper.builder().build());
    EventTypes types = EventTypes.of(List.of(ContractEvent.class));
    InboxHandlers.Builder handlers = InboxHandlers.builder(types, codec);
    for (Object bean : beans) {
      for (Method method : bean.getClass().getDeclaredMethods()) {
        InboxHandler annotation = method.getAnnotation(InboxHandler.class);
        if (annotation != null) {
          handlers.add(bean, method, annotation);
        }
      }
    }
    return open(database, types, handlers.build(), LANES);
  }

  @Test
  void messagesOfAKeyTakeEffectInTheOrderSent() throws Exception {
    try (Way way = open(new First())) {
      for (int number = 1; number <= 50; number++) {
        for (String key : List.of("a", "b", "c")) {
          way.send(message(key, number));
        }
      }
      for (String key : List.of("a", "b", "c")) {
        awaitEffects(FIRST, key, numbers(1, 50));
      }
    }
  }

  @Test
  void messageSentTwiceTakesEffectOnce() throws Exception {
    try (Way way = open(new First())) {
      List<OutboxMessage> messages = new ArrayList<>();
      for (int number = 1; number <= 20; number++) {
        messages.add(message("key", number));
      }
      messages.forEach(way::send);
      messages.forEach(way::send);
      way.send(message("key", 21)); // whatever came again is over when this is handled
      awaitEffects(FIRST, "key", numbers(1, 21));
      assertThat(attempts).hasSize(21);
    }
  }

  @Test
  void attemptsThatRollBackLeaveNothingAndNoSuccessorOvertakes() throws Exception {
    failing.add("first key 3");
    try (Way way = open(new First())) {
      for (int number = 1; number <= 10; number++) {
        way.send(message("key", number));
      }
      await().atMost(SOON).until(() -> attempts.contains("first key 3"));
      assertThat(effects(FIRST, "key")).isEqualTo(numbers(1, 2));
      failing.clear();
      awaitEffects(FIRST, "key", numbers(1, 10));
      assertThat(attempts.stream().distinct())
          .containsExactlyElementsOf(
              numbers(1, 10).stream().map(number -> "first key " + number).toList());
    }
  }

  @Test
  void failingKeyIsParkedWhileOthersGoOnAndARetryReleasesItInOrder() throws Exception {
    failing.add("first poison");
    try (Way way = open(new First())) {
      for (int number = 1; number <= 10; number++) {
        way.send(message("poison", number));
        way.send(message("fine", number));
      }
      awaitEffects(FIRST, "fine", numbers(1, 10));
      ParkedMessage dead = awaitDead(way);
      assertThat(dead.reason()).isEqualTo(ParkReason.HANDLER_FAILED);
      assertThat(dead.error()).contains("fails on purpose");
      assertThat(effects(FIRST, "poison")).isEmpty();
      assertThat(attempts).doesNotContain("first poison 2");

      failing.clear();
      assertThat(way.parked().retry(FIRST, dead.message().id(), "operator")).isTrue();
      for (int number = 11; number <= 30; number++) { // live, while the parked ones are released
        way.send(message("poison", number));
      }
      awaitEffects(FIRST, "poison", numbers(1, 30));
      await().atMost(SOON).until(() -> way.parked().counts().keys() == 0);
      way.send(message("poison", 31));
      awaitEffects(FIRST, "poison", numbers(1, 31));
    }
  }

  @Test
  void discardedDeadLetterIsLeftOutAndItsKeyGoesOn() throws Exception {
    failing.add("first poison 1");
    try (Way way = open(new First())) {
      OutboxMessage poison = message("poison", 1);
      way.send(poison);
      for (int number = 2; number <= 5; number++) {
        way.send(message("poison", number));
      }
      assertThat(awaitDead(way).message()).isEqualTo(poison);
      assertThat(way.parked().discard(FIRST, poison.id(), "operator", "a test")).isTrue();
      awaitEffects(FIRST, "poison", numbers(2, 5));
      way.send(poison); // comes again, as it may
      way.send(message("poison", 6));
      awaitEffects(FIRST, "poison", numbers(2, 6));
    }
  }

  @Test
  void unreadablePayloadIsADeadLetterAtOnce() throws Exception {
    try (Way way = open(new First())) {
      OutboxMessage unreadable = raw("key", 1, "{\"key\":\"key\",\"number\":\"many\"}");
      way.send(unreadable);
      way.send(message("key", 2));
      way.send(message("other", 1));
      ParkedMessage dead = awaitDead(way);
      assertThat(dead.message()).isEqualTo(unreadable);
      assertThat(dead.consumer()).isEqualTo(FIRST);
      assertThat(dead.reason()).isEqualTo(ParkReason.UNREADABLE);
      awaitEffects(FIRST, "other", numbers(1, 1));
      assertThat(way.parked().discard(FIRST, unreadable.id(), "operator", "a test")).isTrue();
      awaitEffects(FIRST, "key", numbers(2, 2));
    }
  }

  @Test
  void unknownVersionIsADeadLetterThatHoldsItsKey() throws Exception {
    try (Way way = open(new First())) {
      OutboxMessage newer = raw("key", 2, "{}");
      way.send(newer);
      way.send(message("key", 2));
      way.send(message("other", 1));
      ParkedMessage dead = awaitDead(way);
      assertThat(dead.message()).isEqualTo(newer);
      assertThat(dead.reason()).isEqualTo(ParkReason.UNKNOWN_VERSION);
      awaitEffects(FIRST, "other", numbers(1, 1));
      assertThat(effects(FIRST, "key")).isEmpty();
      assertThat(way.parked().discard(FIRST, newer.id(), "operator", "a test")).isTrue();
      awaitEffects(FIRST, "key", numbers(2, 2));
    }
  }

  @Test
  void consumersOfOneMessageAreIndependent() throws Exception {
    failing.add("first key");
    try (Way way = open(new First(), new Second())) {
      for (int number = 1; number <= 10; number++) {
        way.send(message("key", number));
      }
      awaitEffects(SECOND, "key", numbers(1, 10));
      ParkedMessage dead = awaitDead(way);
      assertThat(dead.consumer()).isEqualTo(FIRST);
      failing.clear();
      assertThat(way.parked().retry(FIRST, dead.message().id(), "operator")).isTrue();
      awaitEffects(FIRST, "key", numbers(1, 10));
      assertThat(effects(SECOND, "key")).isEqualTo(numbers(1, 10));
    }
  }

  private ParkedMessage awaitDead(Way way) {
    await().atMost(SOON).until(() -> way.parked().deadLetters(10).size() == 1);
    return way.parked().deadLetters(10).get(0);
  }

  private void awaitEffects(String consumer, String key, List<Integer> expected) {
    await().atMost(SOON).until(() -> effects(consumer, key).size() >= expected.size());
    assertThat(effects(consumer, key)).as("effects of " + key).isEqualTo(expected);
  }

  private List<Integer> effects(String consumer, String key) {
    return sql.queryForList(
        "SELECT number FROM effect WHERE consumer = ? AND key = ? ORDER BY n",
        Integer.class,
        consumer,
        key);
  }

  private static List<Integer> numbers(int from, int to) {
    return IntStream.rangeClosed(from, to).boxed().toList();
  }

  private static OutboxMessage message(String key, int number) {
    return raw(key, 1, "{\"key\":\"%s\",\"number\":%d}".formatted(key, number));
  }

  private static OutboxMessage raw(String key, int version, String json) {
    return OutboxMessage.of(
        ContractEvent.TYPE,
        version,
        ContractEvent.AGGREGATE_TYPE,
        key,
        json.getBytes(StandardCharsets.UTF_8));
  }
}
