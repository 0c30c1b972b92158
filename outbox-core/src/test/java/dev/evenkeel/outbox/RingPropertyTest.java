package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Which bucket of the inbox a message is in, and in which order dead letters are shown. */
class RingPropertyTest {

  private static final long YEAR_9999 = 253_402_300_799L;

  /** Of version 7, or any other id with the message's own instant. */
  private static OutboxMessage at(Instant instant, boolean timeInId, long random) {
    long millis = instant.toEpochMilli();
    UUID id =
        timeInId
            ? new UUID((millis << 16) | 0x7000L | (random & 0xfff), (random >>> 2) | 1L << 63)
            : UUID.nameUUIDFromBytes(
                Long.toString(random).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return new OutboxMessage(
        id, "order", "1", "placed", 1, new byte[0], Map.of(), timeInId ? Instant.EPOCH : instant);
  }

  @Property(tries = 1_000)
  void bucketComesAgainOnlyWhenTheRingHasGoneRound(
      @ForAll @IntRange(min = 2, max = 64) int buckets,
      @ForAll @LongRange(min = 1, max = 1_000_000) long width,
      @ForAll @LongRange(max = YEAR_9999) long first,
      @ForAll @LongRange(max = 64_000_000) long later,
      @ForAll boolean timeInId,
      @ForAll long random) {
    InboxBucket ring = new InboxBucket(buckets, width);
    OutboxMessage one = at(Instant.ofEpochSecond(first), timeInId, random);
    OutboxMessage other =
        at(Instant.ofEpochSecond(Math.min(first + later, YEAR_9999)), timeInId, random);
    long apart = Math.min(first + later, YEAR_9999) - first;

    assertThat(ring.of(one)).isBetween(0, buckets - 1);
    if (ring.of(one) == ring.of(other)) {
      assertThat(apart < width || apart > (buckets - 1) * width).isTrue();
    } else {
      assertThat(apart).isPositive();
    }
  }

  /** Uniqueness holds inside a bucket only, so a redelivery must find the one it was in. */
  @Property
  void redeliveryIsInTheBucketOfTheFirstDelivery(
      @ForAll @LongRange(max = YEAR_9999) long second,
      @ForAll boolean timeInId,
      @ForAll long random) {
    InboxBucket ring = new InboxBucket(16, 86_400);
    OutboxMessage message = at(Instant.ofEpochSecond(second), timeInId, random);
    OutboxMessage again =
        new OutboxMessage(
            message.id(),
            "other",
            "2",
            "other",
            2,
            new byte[7],
            Map.of("reconciled", "true"),
            timeInId ? Instant.now() : message.createdAt());

    assertThat(ring.of(again)).isEqualTo(ring.of(message));
  }

  @Provide
  Arbitrary<List<DeadLetter>> letters() {
    return Combinators.combine(
            Arbitraries.longs().between(0, 5),
            Arbitraries.longs().between(-3, 3),
            Arbitraries.of("a", "b"))
        .as(DeadLetterPages::letter)
        .list()
        .uniqueElements(letter -> List.of(letter.parkedAt(), letter.messageId(), letter.consumer()))
        .ofMaxSize(30);
  }

  /** As several databases answer, each its own page, for one list. */
  @Property(tries = 200)
  void pagesOfSeveralDatabasesLeaveNothingOutAndShowNothingTwice(
      @ForAll("letters") List<DeadLetter> letters,
      @ForAll @IntRange(min = 1, max = 3) int databases,
      @ForAll @IntRange(min = 1, max = 7) int limit) {
    Comparator<DeadLetter> order =
        Comparator.comparing(DeadLetter::parkedAt)
            .thenComparing(letter -> letter.messageId().toString())
            .thenComparing(DeadLetter::consumer);
    List<DeadLetter> sorted = letters.stream().sorted(order).toList();
    List<DeadLetter> shown = new ArrayList<>();
    String after = null;
    do {
      DeadLetterPage.Cursor from = after == null ? null : DeadLetterPage.Cursor.parse(after);
      List<DeadLetterPage> pages =
          IntStream.range(0, databases)
              .mapToObj(
                  database ->
                      page(
                          sorted.stream()
                              .filter(l -> Math.floorMod(l.hashCode(), databases) == database)
                              .filter(l -> from == null || isBehind(l, from))
                              .toList(),
                          limit))
              .toList();
      DeadLetterPage page = DeadLetterPage.merge(pages, limit);
      assertThat(page.letters()).hasSizeLessThanOrEqualTo(limit);
      shown.addAll(page.letters());
      after = page.next();
    } while (after != null && shown.size() <= letters.size());

    assertThat(shown).isEqualTo(sorted);
  }

  private static DeadLetterPage page(List<DeadLetter> rest, int limit) {
    return DeadLetterPage.of(rest.subList(0, Math.min(limit, rest.size())), rest.size() > limit);
  }

  private static boolean isBehind(DeadLetter letter, DeadLetterPage.Cursor cursor) {
    int byTime = letter.parkedAt().compareTo(cursor.parkedAt());
    int byId = letter.messageId().toString().compareTo(cursor.messageId().toString());
    int byConsumer = letter.consumer().compareTo(cursor.consumer());
    return byTime != 0 ? byTime > 0 : byId != 0 ? byId > 0 : byConsumer > 0;
  }
}
