package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.evenkeel.outbox.ParkedMessages.Counts;
import dev.evenkeel.outbox.ParkedStore.ParkOutcome;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ParkedStoreIT {

  private static final String CONSUMER = "summary";
  private static final Fence FENCE = Fence.relay(3);
  private static final Duration NOW = Duration.ZERO;

  private static CoreDatabase database;

  private final List<String> observed = new ArrayList<>();
  private Duration offset = Duration.ZERO;
  private final ParkedStore store =
      new ParkedStore(
          database.dataSource(),
          CoreDatabase.SCHEMA,
          new MessageObserver() {
            @Override
            public void parked(String consumer, String reason) {
              observed.add("parked " + reason);
            }

            @Override
            public void dead(String consumer, String reason) {
              observed.add("dead " + reason);
            }
          },
          () -> offset);

  @BeforeAll
  static void create() {
    database = new CoreDatabase();
  }

  @AfterAll
  static void drop() {
    database.close();
  }

  @BeforeEach
  void lead() {
    database.clear();
    database.jdbc().update("UPDATE evenkeel.relay_state SET epoch = ?", FENCE.epoch());
  }

  private ParkOutcome park(OutboxMessage message) {
    return store.park(FENCE, CONSUMER, message, ParkReason.HANDLER_FAILED, "it broke", NOW);
  }

  private ParkOutcome parkDead(OutboxMessage message) {
    return store.park(FENCE, CONSUMER, message, ParkReason.UNREADABLE, "not JSON", null);
  }

  private ParkedMessage find(OutboxMessage message) {
    return store.find(CONSUMER, message.id()).orElseThrow();
  }

  private ParkedState stateOf(OutboxMessage message) {
    return find(message).state();
  }

  private ParkedMessage head() {
    List<ParkedStore.Key> due = store.due(List.of(Fence.RELAY), 10);
    assertThat(due).hasSize(1);
    return store.head(due.get(0)).orElseThrow();
  }

  @Test
  void theFirstMessageOfAKeyIsItsHeadAndOthersQueueBehind() {
    OutboxMessage first = message("1");
    OutboxMessage second = message("1");
    OutboxMessage third = message("1");

    assertThat(park(first)).isEqualTo(ParkOutcome.PARKED);
    assertThat(store.queueBehind(FENCE, CONSUMER, second)).isEqualTo(ParkOutcome.PARKED);
    assertThat(park(third)).isEqualTo(ParkOutcome.PARKED);

    assertThat(stateOf(first)).isEqualTo(ParkedState.RETRYING);
    assertThat(stateOf(second)).isEqualTo(ParkedState.QUEUED);
    assertThat(stateOf(third)).isEqualTo(ParkedState.QUEUED);
    assertThat(find(second).reason()).isEqualTo(ParkReason.BEHIND);
    assertThat(store.counts()).isEqualTo(new Counts(1, 0));
    assertThat(observed).containsExactly("parked HANDLER_FAILED", "parked HANDLER_FAILED");
  }

  @Test
  void aParkedMessageReadsBackAsItWas() {
    OutboxMessage message = message("1").withHeaders(Map.of("tenant", "acme"));

    park(message);

    ParkedMessage parked = find(message);
    assertThat(parked.message())
        .usingRecursiveComparison()
        .ignoringFields("createdAt")
        .isEqualTo(message);
    assertThat(parked.message().createdAt())
        .isCloseTo(message.createdAt(), within(1, ChronoUnit.MILLIS));
    assertThat(parked.error()).isEqualTo("it broke");
    assertThat(parked.attempts()).isZero();
  }

  @Test
  void aKeyIsReleasedInOrderUntilItIsFree() {
    List<OutboxMessage> messages = List.of(message("1"), message("1"), message("1"));
    messages.forEach(this::park);

    for (OutboxMessage message : messages) {
      ParkedMessage head = head();
      assertThat(head.message()).isEqualTo(message);
      assertThat(head.state()).isEqualTo(ParkedState.RETRYING);
      assertThat(store.handled(FENCE, head)).isTrue();
      assertThat(stateOf(message)).isEqualTo(ParkedState.HANDLED);
    }

    assertThat(store.due(List.of(Fence.RELAY), 10)).isEmpty();
    assertThat(store.counts()).isEqualTo(new Counts(0, 0));
    assertThat(store.queueBehind(FENCE, CONSUMER, message("1"))).isEqualTo(ParkOutcome.KEY_FREE);
  }

  @Test
  void parkingTwiceKeepsOneRow() {
    OutboxMessage message = message("1");
    park(message);

    assertThat(park(message)).isEqualTo(ParkOutcome.PARKED);
    assertThat(store.queueBehind(FENCE, CONSUMER, message)).isEqualTo(ParkOutcome.PARKED);

    assertThat(database.count("SELECT count(*) FROM evenkeel.parked_message")).isEqualTo(1);
    assertThat(stateOf(message)).isEqualTo(ParkedState.RETRYING);
  }

  @Test
  void parkingWhatHasEndedDoesNotParkItsKeyAgain() {
    OutboxMessage message = message("1");
    park(message);
    store.handled(FENCE, head());

    assertThat(park(message)).isEqualTo(ParkOutcome.PARKED);

    assertThat(stateOf(message)).isEqualTo(ParkedState.HANDLED);
    assertThat(store.counts()).isEqualTo(new Counts(0, 0));
  }

  @Test
  void keysAndConsumersAreIndependent() {
    park(message("1"));
    park(message("2"));
    store.park(FENCE, "other", message("1"), ParkReason.OUTAGE, null, NOW);

    assertThat(store.due(List.of(Fence.RELAY), 10))
        .containsExactlyInAnyOrder(
            new ParkedStore.Key(Fence.RELAY, CONSUMER, new OrderKey("order", "1")),
            new ParkedStore.Key(Fence.RELAY, CONSUMER, new OrderKey("order", "2")),
            new ParkedStore.Key(Fence.RELAY, "other", new OrderKey("order", "1")));
    assertThat(store.due(List.of(Fence.RELAY), 2)).hasSize(2);
  }

  @Test
  void aFailedReleaseIsDueLaterAndLosesNoOrder() {
    OutboxMessage first = message("1");
    park(first);
    park(message("1"));

    assertThat(store.failed(FENCE, head(), 2, "again", Duration.ofMinutes(5))).isTrue();

    assertThat(store.due(List.of(Fence.RELAY), 10)).isEmpty();
    assertThat(find(first).attempts()).isEqualTo(2);
    assertThat(find(first).error()).isEqualTo("again");
    offset = Duration.ofMinutes(6);
    assertThat(head().message()).isEqualTo(first);
  }

  @Test
  void afterTheLastAttemptTheHeadIsDeadAndItsKeyWaits() {
    OutboxMessage first = message("1");
    OutboxMessage second = message("1");
    park(first);
    park(second);
    observed.clear();

    store.failed(FENCE, head(), 20, "never", null);

    assertThat(stateOf(first)).isEqualTo(ParkedState.DEAD);
    assertThat(stateOf(second)).isEqualTo(ParkedState.QUEUED);
    offset = Duration.ofDays(365);
    assertThat(store.due(List.of(Fence.RELAY), 10)).isEmpty();
    assertThat(store.head(new ParkedStore.Key(Fence.RELAY, CONSUMER, first.orderKey()))).isEmpty();
    assertThat(store.deadLetters(10)).extracting(ParkedMessage::message).containsExactly(first);
    assertThat(store.counts()).isEqualTo(new Counts(1, 1));
    assertThat(observed).containsExactly("dead HANDLER_FAILED");
  }

  @Test
  void aLongErrorIsShortened() {
    OutboxMessage message = message("1");
    store.park(FENCE, CONSUMER, message, ParkReason.HANDLER_FAILED, "x".repeat(5_000), NOW);

    assertThat(find(message).error()).hasSize(4_000);
  }

  @Test
  void retryGivesADeadLetterAFreshBudget() {
    OutboxMessage message = message("1");
    park(message);
    store.failed(FENCE, head(), 20, "never", null);

    assertThat(store.retry(CONSUMER, message.id(), "operator")).isTrue();

    assertThat(head().message()).isEqualTo(message);
    assertThat(find(message).attempts()).isZero();
    assertThat(find(message).error()).isEqualTo("never"); // the cause stays visible
    assertThat(store.retry(CONSUMER, message.id(), "operator")).isFalse();
  }

  @Test
  void discardEndsADeadLetterAndLetsTheNextGo() {
    OutboxMessage dead = message("1");
    OutboxMessage next = message("1");
    parkDead(dead);
    park(next);

    assertThat(store.discard(CONSUMER, dead.id(), "operator", "obsolete")).isTrue();

    assertThat(stateOf(dead)).isEqualTo(ParkedState.DISCARDED);
    assertThat(
            database.count(
                "SELECT count(*) FROM evenkeel.parked_message WHERE ended_by = 'operator' AND"
                    + " ended_because = 'obsolete' AND ended_at IS NOT NULL"))
        .isEqualTo(1);
    assertThat(head().message()).isEqualTo(next);
    assertThat(store.discard(CONSUMER, dead.id(), "operator", "again")).isFalse();
  }

  @Test
  void onlyDeadLettersAreDecidedOn() {
    OutboxMessage retrying = message("1");
    park(retrying);

    assertThat(store.retry(CONSUMER, retrying.id(), "operator")).isFalse();
    assertThat(store.discard(CONSUMER, retrying.id(), "operator", "why")).isFalse();
    assertThat(store.retry(CONSUMER, UUID.randomUUID(), "operator")).isFalse();
    assertThat(store.retry("other", retrying.id(), "operator")).isFalse();
    assertThat(stateOf(retrying)).isEqualTo(ParkedState.RETRYING);
  }

  @Test
  void decisionsNameWhoAndWhy() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.retry(CONSUMER, UUID.randomUUID(), " "))
        .withMessage("by must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.discard(CONSUMER, UUID.randomUUID(), "operator", ""))
        .withMessage("because must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.deadLetters(0))
        .withMessage("limit must be between 1 and 10000, was 0");
  }

  @Test
  void aFencedLeaderParksAndReleasesNothing() {
    OutboxMessage parked = message("1");
    park(parked);
    ParkedMessage head = head();
    database.jdbc().update("UPDATE evenkeel.relay_state SET epoch = epoch + 1");
    OutboxMessage late = message("1");

    assertThat(park(late))
        .as("a leader that was replaced parks nothing")
        .isEqualTo(ParkOutcome.FENCED);
    assertThat(parkDead(message("2"))).isEqualTo(ParkOutcome.FENCED);
    assertThat(store.queueBehind(FENCE, CONSUMER, late)).isEqualTo(ParkOutcome.FENCED);
    assertThat(store.handled(FENCE, head)).isFalse();
    assertThat(store.failed(FENCE, head, 1, "x", null)).isFalse();
    assertThat(store.redirect(FENCE, head, List.of("other"))).isFalse();

    assertThat(database.count("SELECT count(*) FROM evenkeel.parked_message")).isEqualTo(1);
    assertThat(stateOf(parked)).isEqualTo(ParkedState.RETRYING);
    assertThat(observed).containsExactly("parked HANDLER_FAILED");
  }

  @Test
  void aReleaseThatSomebodyElseEndedChangesNothing() {
    park(message("1"));
    OutboxMessage next = message("1");
    park(next);
    ParkedMessage head = head();
    store.handled(FENCE, head);

    assertThat(store.handled(FENCE, head)).isFalse();
    assertThat(store.failed(FENCE, head, 3, "x", null)).isFalse();
    assertThat(stateOf(next)).isEqualTo(ParkedState.RETRYING);
  }

  @Test
  void aMessageOfAnUnknownTypeIsHandedOnInOrder() {
    OutboxMessage first = message("1");
    OutboxMessage second = message("1");
    for (OutboxMessage message : List.of(first, second)) {
      store.park(
          FENCE, InboxHandlers.UNKNOWN_CONSUMER, message, ParkReason.UNKNOWN_TYPE, null, NOW);
    }

    for (int i = 0; i < 2; i++) {
      ParkedMessage head =
          store
              .head(
                  new ParkedStore.Key(
                      Fence.RELAY, InboxHandlers.UNKNOWN_CONSUMER, new OrderKey("order", "1")))
              .orElseThrow();
      assertThat(store.redirect(FENCE, head, List.of("a", "b"))).isTrue();
    }

    for (String consumer : List.of("a", "b")) {
      ParkedStore.Key due = new ParkedStore.Key(Fence.RELAY, consumer, first.orderKey());
      assertThat(store.due(List.of(Fence.RELAY), 10)).contains(due);
      ParkedMessage head = store.head(due).orElseThrow();
      assertThat(head.message()).isEqualTo(first);
      store.handled(FENCE, head);
      assertThat(store.head(due).orElseThrow().message()).isEqualTo(second);
    }
    assertThat(store.find(InboxHandlers.UNKNOWN_CONSUMER, first.id()).orElseThrow().state())
        .isEqualTo(ParkedState.HANDLED);
  }

  @Test
  void endedMessagesAreReapedAfterTheWindow() {
    OutboxMessage ended = message("1");
    OutboxMessage waiting = message("2");
    park(ended);
    store.handled(FENCE, head());
    parkDead(waiting);
    Duration window = Duration.ofDays(10);

    assertThat(store.reap(window, 100)).isZero();
    offset = window.plusMinutes(1);
    assertThat(store.reap(window, 100)).isEqualTo(1);

    assertThat(store.find(CONSUMER, ended.id())).isEmpty();
    assertThat(stateOf(waiting)).isEqualTo(ParkedState.DEAD);
  }

  @Test
  void reapingIsBounded() {
    for (int i = 0; i < 3; i++) {
      park(message("1"));
      store.handled(FENCE, head());
    }
    offset = Duration.ofDays(11);

    assertThat(store.reap(Duration.ofDays(10), 2)).isEqualTo(2);
    assertThat(store.reap(Duration.ofDays(10), 2)).isEqualTo(1);
  }
}
