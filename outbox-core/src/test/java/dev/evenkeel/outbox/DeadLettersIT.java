package dev.evenkeel.outbox;

import static dev.evenkeel.outbox.CoreDatabase.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.ParkedStore.ParkOutcome;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operators' decisions about dead letters, and those that were set aside. */
class DeadLettersIT {

  private static final String CONSUMER = "summary";
  private static final Fence FENCE = Fence.relay(3);
  private static final Duration NOW = Duration.ZERO;
  private static final byte[] NEW_PAYLOAD = "{\"fixed\":true}".getBytes(StandardCharsets.UTF_8);

  private static CoreDatabase database;

  private Duration offset = Duration.ZERO;
  private final ParkedStore store =
      new ParkedStore(
          database.dataSource(), CoreDatabase.SCHEMA, MessageObserver.NONE, () -> offset);

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

  private static ParkedStore.Key key(String id) {
    return new ParkedStore.Key(Fence.RELAY, CONSUMER, new OrderKey("order", id));
  }

  private OutboxMessage dead(String key) {
    return dead(CONSUMER, key, ParkReason.UNREADABLE);
  }

  private OutboxMessage dead(String consumer, String key, ParkReason reason) {
    OutboxMessage message = message(key);
    store.park(FENCE, consumer, message, reason, "it broke", null);
    return message;
  }

  private OutboxMessage queued(String key) {
    OutboxMessage message = message(key);
    assertThat(store.queueBehind(FENCE, CONSUMER, message)).isEqualTo(ParkOutcome.PARKED);
    return message;
  }

  private OutboxMessage aside(String key) {
    OutboxMessage message = message(key);
    store.parkAside(FENCE, CONSUMER, message, ParkReason.UNREADABLE, "it broke");
    return message;
  }

  private boolean keyIsFree(String key) {
    return store.queueBehind(FENCE, CONSUMER, message(key)) == ParkOutcome.KEY_FREE;
  }

  private ParkedMessage find(OutboxMessage message) {
    return store.find(CONSUMER, message.id()).orElseThrow();
  }

  private ParkedState stateOf(OutboxMessage message) {
    return find(message).state();
  }

  private List<OutboxMessage> release(String key) {
    List<OutboxMessage> released = new ArrayList<>();
    for (List<ParkedMessage> heads = store.heads(key(key), 3, 1 << 20);
        !heads.isEmpty();
        heads = store.heads(key(key), 3, 1 << 20)) {
      heads.forEach(head -> released.add(head.message()));
      assertThat(store.handled(FENCE, heads)).isTrue();
    }
    return released;
  }

  @Test
  void filterMatchesAllThatItNames() {
    OutboxMessage one = dead("1");
    dead("2");
    dead("other", "1", ParkReason.EXPIRED);
    DeadLetterFilter all = DeadLetterFilter.all();

    assertThat(count(all)).isEqualTo(3);
    assertThat(all.isAll()).isTrue();
    assertThat(count(all.withConsumer(CONSUMER))).isEqualTo(2);
    assertThat(count(all.withType("order-placed"))).isEqualTo(3);
    assertThat(count(all.withType("other"))).isZero();
    assertThat(count(all.withReason(ParkReason.EXPIRED))).isEqualTo(1);
    assertThat(count(all.withKey(one.orderKey()))).isEqualTo(2);
    assertThat(count(all.withKey(one.orderKey()).withConsumer(CONSUMER))).isEqualTo(1);
    Instant later = Instant.now().plusSeconds(60);
    assertThat(count(all.withParkedBefore(later))).isEqualTo(3);
    assertThat(count(all.withParkedAfter(later))).isZero();
  }

  private int count(DeadLetterFilter filter) {
    return store.deadLetters(filter, null, 100).letters().size();
  }

  @Test
  void pagesShowEveryDeadLetterOnceEvenWhereInstantsAreEqual() {
    IntStream.range(0, 25).forEach(n -> dead("key-" + n));
    dead("other", "key-0", ParkReason.EXPIRED);
    database
        .jdbc()
        .update("UPDATE evenkeel.parked_message SET parked_at = date_trunc('minute', parked_at)");
    queued("key-3");

    List<DeadLetter> seen = new ArrayList<>();
    String next = null;
    int pages = 0;
    do {
      DeadLetterPage page = store.deadLetters(DeadLetterFilter.all(), next, 10);
      seen.addAll(page.letters());
      next = page.next();
      pages++;
    } while (next != null);

    assertThat(pages).isEqualTo(3);
    assertThat(seen).hasSize(26).doesNotHaveDuplicates();
    DeadLetterPage whole = store.deadLetters(DeadLetterFilter.all(), null, 26);
    assertThat(whole.letters()).isEqualTo(seen);
    assertThat(whole.next()).isNull();
    // As if one database each had half of them.
    List<DeadLetter> odd =
        seen.stream().filter(letter -> letter.messageId().hashCode() % 2 != 0).toList();
    List<DeadLetter> even = new ArrayList<>(seen);
    even.removeAll(odd);
    assertThat(
            DeadLetterPage.merge(
                    List.of(new DeadLetterPage(odd, null), new DeadLetterPage(even, null)), 26)
                .letters())
        .isEqualTo(seen);
  }

  @Test
  void deadLetterIsListedWithItsCauseAndWithoutItsPayload() {
    OutboxMessage message = dead("1");

    DeadLetter letter = store.deadLetters(DeadLetterFilter.all(), null, 1).letters().get(0);

    assertThat(letter.messageId()).isEqualTo(message.id());
    assertThat(letter.error()).isEqualTo("it broke");
    assertThat(letter.payloadBytes()).isEqualTo(message.payload().length);
    assertThat(letter.reason()).isEqualTo(ParkReason.UNREADABLE);
  }

  @Test
  void somethingElseThanThePlaceOfAPageIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.deadLetters(DeadLetterFilter.all(), "page 2", 10))
        .withMessage("after must be the \"next\" of a page of dead letters, was \"page 2\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.deadLetters(DeadLetterFilter.all(), null, 0))
        .withMessage("limit must be between 1 and 10000, was 0");
  }

  @Test
  void editKeepsWhatItReplacedAndIsReleasedByARetry() {
    OutboxMessage message = message("1").withHeaders(Map.of("tenant", "acme"));
    store.park(FENCE, CONSUMER, message, ParkReason.UNREADABLE, "not JSON", null);
    OutboxMessage behind = queued("1");

    assertThat(edit(message, 0, NEW_PAYLOAD, null)).isEqualTo(DeadLetterEdit.Outcome.EDITED);
    assertThat(edit(message, 1, null, Map.of("tenant", "other")))
        .isEqualTo(DeadLetterEdit.Outcome.EDITED);

    assertThat(stateOf(message)).isEqualTo(ParkedState.DEAD);
    ParkedInspection before = store.inspect(CONSUMER, message.id()).orElseThrow();
    assertThat(before.queuedBehind()).isEqualTo(1);
    assertThat(before.ended()).isNull();
    store.retry(CONSUMER, message.id(), "operator");
    List<ParkedMessage> heads = store.heads(key("1"), 10, 1 << 20);
    assertThat(heads).extracting(ParkedMessage::message).containsExactly(message, behind);
    assertThat(heads.get(0).message().payload()).isEqualTo(NEW_PAYLOAD);
    assertThat(heads.get(0).message().headers()).isEqualTo(Map.of("tenant", "other"));
    assertThat(heads.get(0).revision()).isEqualTo(2);
    store.handled(FENCE, heads);

    ParkedInspection after = store.inspect(CONSUMER, message.id()).orElseThrow();
    assertThat(after.ended()).isNotNull();
    assertThat(after.actions())
        .extracting(ParkedAction::number, ParkedAction::kind, ParkedAction::by)
        .containsExactly(
            tuple(1, ParkedAction.Kind.EDIT, "editor"),
            tuple(2, ParkedAction.Kind.EDIT, "editor"),
            tuple(3, ParkedAction.Kind.RETRY, "operator"));
    assertThat(after.actions().get(0).payload()).isEqualTo(message.payload());
    assertThat(after.actions().get(0).headers()).isEqualTo(Map.of("tenant", "acme"));
    assertThat(after.actions().get(0).because()).isEqualTo("it was broken");
    assertThat(after.actions().get(1).payload()).isEqualTo(NEW_PAYLOAD);
    assertThat(after.actions().get(2).payload()).isNull();
  }

  private DeadLetterEdit.Outcome edit(
      OutboxMessage message, int revision, byte[] payload, Map<String, String> headers) {
    return store.edit(
        CONSUMER,
        message.id(),
        new DeadLetterEdit(revision, payload, headers),
        "editor",
        "it was broken");
  }

  @Test
  void editedPayloadTakesThePlaceOfOneInThePayloadStore() {
    OutboxMessage message =
        message("1").withHeaders(Map.of("tenant", "acme", MessageHeaders.CLAIM_CHECK, "somewhere"));
    store.park(FENCE, CONSUMER, message, ParkReason.UNREADABLE, "not JSON", null);

    edit(message, 0, null, message.headers());
    assertThat(find(message).message().headers()).containsKey(MessageHeaders.CLAIM_CHECK);
    edit(message, 1, NEW_PAYLOAD, null);
    assertThat(find(message).message().headers()).isEqualTo(Map.of("tenant", "acme"));
  }

  @Test
  void onlyDeadLettersAreEditedAndNoEditOverwritesAnother() {
    OutboxMessage message = dead("1");
    OutboxMessage behind = queued("1");

    assertThat(edit(behind, 0, NEW_PAYLOAD, null)).isEqualTo(DeadLetterEdit.Outcome.NO_DEAD_LETTER);
    assertThat(edit(message("1"), 0, NEW_PAYLOAD, null))
        .isEqualTo(DeadLetterEdit.Outcome.NO_DEAD_LETTER);
    assertThat(edit(message, 0, NEW_PAYLOAD, null)).isEqualTo(DeadLetterEdit.Outcome.EDITED);
    assertThat(edit(message, 0, new byte[] {1}, null))
        .isEqualTo(DeadLetterEdit.Outcome.OTHER_REVISION);
    assertThat(find(message).message().payload()).isEqualTo(NEW_PAYLOAD);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> edit(message, 1, null, null))
        .withMessage("An edit must change the payload, the headers or both");
    store.retry(CONSUMER, message.id(), "operator");
    assertThat(edit(message, 1, new byte[] {1}, null))
        .isEqualTo(DeadLetterEdit.Outcome.NO_DEAD_LETTER);
  }

  /** What a leader read before the edit must not be written over what the next one did with it. */
  @Test
  void whatWasReadBeforeAnEditDecidesNothing() {
    OutboxMessage message = message("1");
    store.park(FENCE, CONSUMER, message, ParkReason.HANDLER_FAILED, "x", NOW);
    ParkedMessage stale = store.head(key("1")).orElseThrow();
    store.failed(FENCE, stale, 20, "never", null);
    edit(message, 0, NEW_PAYLOAD, null);
    store.retry(CONSUMER, message.id(), "operator");

    assertThat(store.failed(FENCE, stale, 2, "again", NOW)).isFalse();
    assertThat(store.failedAside(FENCE, stale, 2, "again")).isFalse();
    assertThat(stateOf(message)).isEqualTo(ParkedState.RETRYING);
    assertThat(find(message).attempts()).isZero();
  }

  @Test
  void retryByFilterTakesEachOnceAcrossBatches() {
    List<OutboxMessage> letters = new ArrayList<>();
    IntStream.range(0, 230).forEach(n -> letters.add(dead("key-" + n % 180)));
    OutboxMessage other = dead("other", "1", ParkReason.EXPIRED);

    int done = store.retry(DeadLetterFilter.all().withConsumer(CONSUMER), "operator");

    assertThat(done).isEqualTo(180); // the others queue behind
    assertThat(store.counts().dead()).isEqualTo(1);
    assertThat(store.find("other", other.id()).orElseThrow().state()).isEqualTo(ParkedState.DEAD);
    assertThat(
            database.count(
                "SELECT count(*) FROM evenkeel.parked_action WHERE acted_by = 'operator'"))
        .isEqualTo(180);
    assertThat(store.retry(DeadLetterFilter.all(), "operator")).isEqualTo(1);
  }

  @Test
  void discardByFilterLetsTheKeysGoOn() {
    OutboxMessage first = dead("1");
    OutboxMessage next = queued("1");
    OutboxMessage apart = aside("2");

    assertThat(store.discard(DeadLetterFilter.all(), "operator", "obsolete")).isEqualTo(2);

    assertThat(stateOf(first)).isEqualTo(ParkedState.DISCARDED);
    assertThat(stateOf(apart)).isEqualTo(ParkedState.DISCARDED);
    assertThat(store.head(key("1")).orElseThrow().message()).isEqualTo(next);
    assertThat(store.inspect(CONSUMER, apart.id()).orElseThrow().actions())
        .extracting(ParkedAction::kind, ParkedAction::because)
        .containsExactly(tuple(ParkedAction.Kind.DISCARD, "obsolete"));
  }

  @Test
  void operatorsWhoWorkOnTheSameLettersDecideOnEachOnce() throws Exception {
    Set<UUID> letters = new HashSet<>();
    IntStream.range(0, 300).forEach(n -> letters.add(dead("key-" + n).id()));
    IntStream.range(0, 300).forEach(n -> letters.add(aside("aside-" + n % 50).id()));

    List<CompletableFuture<Integer>> operators = new ArrayList<>();
    for (int n = 0; n < 4; n++) {
      String by = "operator-" + n;
      boolean retries = n % 2 == 0;
      operators.add(
          CompletableFuture.supplyAsync(
              () ->
                  retries
                      ? store.retry(DeadLetterFilter.all(), by)
                      : store.discard(DeadLetterFilter.all(), by, "a race")));
    }
    int decided = 0;
    for (CompletableFuture<Integer> operator : operators) {
      decided += operator.get(60, TimeUnit.SECONDS);
    }

    assertThat(decided).isEqualTo(letters.size());
    assertThat(database.count("SELECT count(DISTINCT message_id) FROM evenkeel.parked_action"))
        .isEqualTo(letters.size());
    assertThat(database.count("SELECT count(*) FROM evenkeel.parked_action"))
        .isEqualTo(letters.size());
    assertEveryKeyHasItsHead();
  }

  /** A key without a head is released by nobody; a waiting message without a key is lost. */
  private void assertEveryKeyHasItsHead() {
    assertThat(
            database.count(
                """
                SELECT count(*) FROM evenkeel.parked_key AS k WHERE NOT EXISTS (
                    SELECT FROM evenkeel.parked_message AS m
                     WHERE (m.consumer, m.aggregatetype, m.aggregateid) = (k.consumer, k.aggregatetype, k.aggregateid)
                       AND m.state IN ('RETRYING', 'DEAD') AND NOT m.aside)
                """))
        .isZero();
    assertThat(
            database.count(
                """
                SELECT count(*) FROM evenkeel.parked_message AS m
                 WHERE m.ended_at IS NULL AND NOT m.aside AND NOT EXISTS (
                    SELECT FROM evenkeel.parked_key AS k
                     WHERE (m.consumer, m.aggregatetype, m.aggregateid) = (k.consumer, k.aggregatetype, k.aggregateid))
                """))
        .isZero();
  }

  @Test
  void whatIsSetAsideHoldsNobody() {
    OutboxMessage first = message("1");
    store.park(FENCE, CONSUMER, first, ParkReason.HANDLER_FAILED, "x", NOW);
    OutboxMessage second = queued("1");

    ParkedMessage head = store.head(key("1")).orElseThrow();
    assertThat(store.failedAside(FENCE, head, 20, "never")).isTrue();

    assertThat(stateOf(first)).isEqualTo(ParkedState.DEAD);
    assertThat(find(first).aside()).isTrue();
    assertThat(find(first).error()).isEqualTo("never");
    assertThat(release("1")).containsExactly(second);
    assertThat(keyIsFree("1")).isTrue();
    assertThat(store.counts()).isEqualTo(new ParkedMessages.Counts(0, 1));
    assertThat(store.failedAside(FENCE, head, 20, "never")).isFalse();
  }

  @Test
  void whatIsDeadAtOnceIsSetAsideWithoutItsKey() {
    OutboxMessage message = aside("1");

    assertThat(keyIsFree("1")).isTrue();
    assertThat(find(message).aside()).isTrue();
    assertThat(store.deadLetters(DeadLetterFilter.all(), null, 10).letters()).hasSize(1);
  }

  @Test
  void whatIsDeadAtOnceWaitsItsTurnWhereTheKeyIsParked() {
    store.park(FENCE, CONSUMER, message("1"), ParkReason.HANDLER_FAILED, "x", NOW);

    OutboxMessage message = aside("1");

    assertThat(stateOf(message)).isEqualTo(ParkedState.QUEUED);
    assertThat(find(message).aside()).isFalse();
  }

  @Test
  void retryOfWhatWasSetAsideParksItsKeyAnew() {
    OutboxMessage letter = aside("1");

    assertThat(store.retry(CONSUMER, letter.id(), "operator")).isTrue();

    OutboxMessage live = queued("1"); // no longer free
    assertThat(store.due(List.of(Fence.RELAY), 10)).containsExactly(key("1"));
    assertThat(find(letter).aside()).isFalse();
    assertThat(release("1")).containsExactly(letter, live);
    assertThat(keyIsFree("1")).isTrue();
  }

  @Test
  void retriedOneThatDiesAgainIsSetAsideAgain() {
    OutboxMessage letter = aside("1");
    store.retry(CONSUMER, letter.id(), "operator");
    OutboxMessage live = queued("1");

    store.failedAside(FENCE, store.head(key("1")).orElseThrow(), 1, "still");

    assertThat(find(letter).aside()).isTrue();
    assertThat(release("1")).containsExactly(live);
    assertThat(keyIsFree("1")).isTrue();
  }

  @Test
  void severalThatWereSetAsideComeInTheirOrderInFrontOfWhatIsQueued() {
    OutboxMessage first = aside("1");
    OutboxMessage second = aside("1");
    OutboxMessage third = aside("1");
    store.retry(CONSUMER, second.id(), "operator"); // is the head, and may be on its way
    OutboxMessage live = queued("1");
    store.retry(DeadLetterFilter.all(), "operator");

    assertThat(release("1")).containsExactly(second, first, third, live);
    assertEveryKeyHasItsHead();
  }

  @Test
  void retryBehindADeadHeadWaitsForTheDecisionAboutIt() {
    OutboxMessage letter = aside("1");
    OutboxMessage head = dead("1"); // of a consumer that has come to block

    store.retry(CONSUMER, letter.id(), "operator");

    assertThat(stateOf(letter)).isEqualTo(ParkedState.QUEUED);
    assertThat(store.head(key("1"))).isEmpty();
    store.discard(CONSUMER, head.id(), "operator", "obsolete");
    assertThat(release("1")).containsExactly(letter);
  }

  @Test
  void retryReturnsToTheSourceThatSetItAside() {
    Fence partition = store.claim("group/topic/1", "node");
    OutboxMessage letter = message("1");
    store.parkAside(partition, CONSUMER, letter, ParkReason.UNREADABLE, "it broke");

    store.retry(CONSUMER, letter.id(), "operator");

    assertThat(store.due(List.of(Fence.RELAY), 10)).isEmpty();
    assertThat(store.due(List.of(partition.source()), 10)).hasSize(1);
  }

  @Test
  void fencedOwnerSetsNothingAside() {
    OutboxMessage first = message("1");
    store.park(FENCE, CONSUMER, first, ParkReason.HANDLER_FAILED, "x", NOW);
    ParkedMessage head = store.head(key("1")).orElseThrow();
    database.jdbc().update("UPDATE evenkeel.relay_state SET epoch = epoch + 1");

    assertThat(store.failedAside(FENCE, head, 20, "never")).isFalse();
    assertThat(store.parkAside(FENCE, CONSUMER, message("2"), ParkReason.EXPIRED, "late"))
        .isEqualTo(ParkOutcome.FENCED);
    assertThat(store.handled(FENCE, List.of(head))).isFalse();
    assertThat(stateOf(first)).isEqualTo(ParkedState.RETRYING);
    assertThat(store.counts().dead()).isZero();
  }

  @Test
  void headsAreBoundedByNumberAndBytes() {
    store.park(FENCE, CONSUMER, message("1"), ParkReason.HANDLER_FAILED, "x", NOW);
    IntStream.range(0, 10).forEach(n -> queued("1"));
    int bytes = message("1").payload().length;

    assertThat(store.heads(key("1"), 5, 1 << 20)).hasSize(5);
    assertThat(store.heads(key("1"), 100, 1 << 20)).hasSize(11);
    assertThat(store.heads(key("1"), 100, 3L * bytes)).hasSize(4);
    assertThat(store.heads(key("1"), 100, 1)).hasSize(2);
    assertThat(store.heads(key("2"), 100, 1)).isEmpty();
  }

  /** One is decided on at a time: whoever is later finds it dead no more. */
  @Test
  void decisionWaitsForAnotherOfTheSameLetter() throws Exception {
    OutboxMessage letter = aside("1");
    try (Connection operator = database.dataSource().getConnection();
        Statement statement = operator.createStatement()) {
      operator.setAutoCommit(false);
      statement.execute(
          "UPDATE evenkeel.parked_message SET state = 'DISCARDED', ended_at = clock_timestamp()");
      CompletableFuture<Boolean> retrying =
          CompletableFuture.supplyAsync(() -> store.retry(CONSUMER, letter.id(), "operator"));
      await()
          .until(
              () ->
                  database.count(
                          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                              + " AND wait_event_type = 'Lock'")
                      == 1);
      operator.commit();

      assertThat(retrying.get(60, TimeUnit.SECONDS)).isFalse();
    }
    assertThat(keyIsFree("1")).isTrue();
    assertThat(database.count("SELECT count(*) FROM evenkeel.parked_action")).isZero();
  }

  @Test
  void actionsAreReapedWithTheirMessage() {
    OutboxMessage ended = dead("1");
    OutboxMessage kept = dead("2");
    edit(kept, 0, NEW_PAYLOAD, null);
    store.discard(CONSUMER, ended.id(), "operator", "obsolete");
    offset = Duration.ofDays(11);

    assertThat(store.reap(Duration.ofDays(10), 100)).isEqualTo(1);

    assertThat(store.inspect(CONSUMER, ended.id())).isEmpty();
    assertThat(database.count("SELECT count(*) FROM evenkeel.parked_action")).isEqualTo(1);
    assertThat(store.inspect(CONSUMER, kept.id()).orElseThrow().actions()).hasSize(1);
  }

  @Test
  void mergedPageSaysWhetherThereIsMore() {
    IntStream.range(0, 3).forEach(n -> dead("key-" + n));
    DeadLetterPage two = store.deadLetters(DeadLetterFilter.all(), null, 2);
    List<DeadLetterPage> pages = new ArrayList<>(Collections.nCopies(1, two));

    assertThat(DeadLetterPage.merge(pages, 2).next()).isEqualTo(two.next());
    assertThat(DeadLetterPage.merge(List.of(), 2).letters()).isEmpty();
    assertThat(DeadLetterPage.merge(List.of(), 2).next()).isNull();
  }
}
