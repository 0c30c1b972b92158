package dev.evenkeel.transport.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.transport.kafka.RecordFormat.UnreadableRecordException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** Whatever lies in a topic becomes a message or a dead letter, and holds nothing up. */
class RecordFormatPropertyTest {

  private static final String LONG_NUMBER = "{\"a\":1%s}".formatted("0".repeat(2_000));

  private static final RecordFormat FORMAT =
      new RecordFormat(TopicNames.DEFAULT, "/test", "application/json");

  private static ConsumerRecord<byte[], byte[]> received(
      ProducerRecord<byte[], byte[]> sent, long timestamp) {
    return new ConsumerRecord<>(
        sent.topic(),
        3,
        17,
        timestamp,
        TimestampType.CREATE_TIME,
        -1,
        -1,
        sent.key(),
        sent.value(),
        sent.headers(),
        Optional.empty());
  }

  private static ProducerRecord<byte[], byte[]> sent() {
    return FORMAT.record(
        OutboxMessage.of("placed", 3, "order", "größe-🙂", "{\"n\":1}".getBytes(UTF_8))
            .withHeaders(Map.of("tenant", "ü", "traceparent", "00-ab-cd-01")));
  }

  private static Arbitrary<byte[]> noise() {
    return Arbitraries.oneOf(
        Arbitraries.bytes().array(byte[].class).ofMaxSize(60),
        Arbitraries.strings().ofMaxLength(20).map(text -> text.getBytes(UTF_8)),
        Arbitraries.of(
                "",
                "\0",
                "-1",
                "99999999999",
                "null",
                "{\"a\":\"\\u0000\"}",
                LONG_NUMBER,
                "[".repeat(2_000),
                "+999999999-12-31T23:59:59Z",
                "1-1-1-1-1",
                "x".repeat(3_000))
            .map(text -> text.getBytes(UTF_8)));
  }

  /** A record of ours in which some things are others, or missing. */
  @Provide
  Arbitrary<ConsumerRecord<byte[], byte[]>> records() {
    Arbitrary<Map<String, byte[]>> bent =
        Arbitraries.maps(
                Arbitraries.of("id", "type", "version", "created_at", "headers"),
                noise().injectNull(0.2))
            .ofMaxSize(3);
    Arbitrary<Long> timestamps =
        Arbitraries.oneOf(Arbitraries.longs(), Arbitraries.of(-1L, 1_767_225_600_000L));
    return Combinators.combine(
            bent, Arbitraries.of("key", "value", "neither"), noise().injectNull(0.3), timestamps)
        .as(
            (headers, what, other, timestamp) -> {
              ProducerRecord<byte[], byte[]> sent = sent();
              RecordHeaders all = new RecordHeaders(sent.headers());
              headers.forEach(
                  (name, value) -> {
                    all.remove(name);
                    if (value != null) {
                      all.add(name, value);
                    }
                  });
              return received(
                  new ProducerRecord<>(
                      sent.topic(),
                      null,
                      null,
                      what.equals("key") ? other : sent.key(),
                      what.equals("value") ? other : sent.value(),
                      all),
                  timestamp);
            });
  }

  private static void requireStorable(OutboxMessage message) {
    List<String> texts =
        new ArrayList<>(List.of(message.aggregateType(), message.aggregateId(), message.type()));
    message.headers().forEach((name, value) -> texts.addAll(List.of(name, value)));
    assertThat(texts).noneMatch(text -> text.indexOf('\0') >= 0);
    assertThat(message.orderKey().fits()).isTrue();
    assertThat(message.createdAt()).isBetween(Instant.EPOCH, Instant.parse("9999-12-31T23:59:59Z"));
  }

  @Property(tries = 2_000)
  void recordIsAMessageOrADeadLetterAndEitherCanBeStored(
      @ForAll("records") ConsumerRecord<byte[], byte[]> record) {
    try {
      requireStorable(RecordFormat.message(record, "order"));
    } catch (UnreadableRecordException e) {
      assertThat(e.getMessage()).isNotBlank();
      OutboxMessage unreadable = RecordFormat.unreadable(record, "order");
      requireStorable(unreadable);
      assertThat(unreadable.id()).isEqualTo(RecordFormat.unreadable(record, "order").id());
      assertThat(unreadable.payload())
          .isEqualTo(record.value() == null ? new byte[0] : record.value());
    }
  }

  @Property(tries = 1_000)
  void whatIsSentIsWhatIsReceived(
      @ForAll("texts") String key,
      @ForAll("texts") String type,
      @ForAll int version,
      @ForAll("texts") String header,
      @ForAll byte[] payload)
      throws UnreadableRecordException {
    OutboxMessage message =
        new OutboxMessage(
            UUID.randomUUID(),
            "order",
            key,
            type,
            version,
            payload,
            Map.of("h", header),
            Instant.now());
    OutboxMessage read = RecordFormat.message(received(FORMAT.record(message), 0), "order");

    assertThat(read).usingRecursiveComparison().isEqualTo(message);
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.oneOf(
        Arbitraries.strings().alpha().numeric().withChars(" -/{}\"\\ü東").ofMaxLength(30),
        Arbitraries.of("größe-🙂", "", "#{T(java.lang.Runtime)}"));
  }

  /** However the deliveries end, the offset to commit never passes one that has not ended. */
  @Property(tries = 500)
  void offsetsAreCommittedWithoutAGap(
      @ForAll @IntRange(min = 1, max = 40) int count, @ForAll Random random) {
    OffsetTracker offsets = new OffsetTracker(new InFlightBudget(1_000, 1 << 20));
    NavigableMap<Long, OffsetTracker.Entry> unfinished = new TreeMap<>();
    int begun = 0;
    long next = random.nextInt(5);
    while (begun < count || !unfinished.isEmpty()) {
      if (begun < count && random.nextBoolean()) {
        unfinished.put(next, offsets.add(next, 1));
        begun++;
        next += 1 + random.nextInt(2); // transactions leave gaps
      } else if (!unfinished.isEmpty()) {
        List<Long> open = List.copyOf(unfinished.keySet());
        unfinished.remove(open.get(random.nextInt(open.size()))).done();
      }
      if (!unfinished.isEmpty()) {
        assertThat(offsets.position().orElse(0)).isLessThanOrEqualTo(unfinished.firstKey());
      }
    }
    assertThat(offsets.position().orElseThrow()).isBetween(1L, next);
    assertThat(offsets.open()).isZero();
  }
}
