package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.PayloadException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import tools.jackson.core.JacksonException;

/** What other services send sagas, and what operators pass on, is read or refused as documented. */
class SagaParserPropertyTest {

  private static final SagaReply REPLY =
      new SagaReply(
          new UUID(7, 9).toString(),
          "reserve",
          3,
          SagaVerb.EXECUTE,
          2,
          SagaReply.Outcome.REFUSED,
          "{}".getBytes(StandardCharsets.UTF_8),
          new SagaFailure(SagaFailure.Reason.REFUSED, "reserve", "NoStock", "none left"),
          true);

  private static Arbitrary<byte[]> mutated(byte[] valid) {
    return Combinators.combine(
            Arbitraries.integers().between(0, valid.length - 1),
            Arbitraries.integers().between(0, valid.length - 1),
            Arbitraries.bytes().array(byte[].class).ofMaxSize(3))
        .as(
            (one, other, between) -> {
              int from = Math.min(one, other);
              int to = Math.min(valid.length, from + Math.abs(one - other) % 8);
              byte[] bytes = Arrays.copyOf(valid, from + between.length + valid.length - to);
              System.arraycopy(between, 0, bytes, from, between.length);
              System.arraycopy(valid, to, bytes, from + between.length, valid.length - to);
              return bytes;
            });
  }

  @Provide
  Arbitrary<byte[]> replies() {
    return Arbitraries.oneOf(
        mutated(REPLY.write()),
        Arbitraries.bytes().array(byte[].class).ofMaxSize(100),
        Arbitraries.of(
                "null",
                "{}",
                "[]",
                "{\"sagaId\":\"x\",\"step\":\"s\",\"verb\":\"UNDO\",\"outcome\":\"DONE\"}",
                "{\"sagaId\":null,\"step\":\"s\",\"verb\":\"UNDO\",\"outcome\":\"DONE\"}",
                "{\"sagaId\":\"00000000-0000-0007-0000-000000000009\",\"step\":\"s\"}")
            .map(text -> text.getBytes(StandardCharsets.UTF_8)));
  }

  @Property(tries = 5_000)
  void replyNamesASagaAStepAndAnOutcomeOrIsNone(@ForAll("replies") byte[] payload) {
    try {
      SagaReply reply = SagaReply.read(payload);
      assertThat(UUID.fromString(reply.sagaId())).isNotNull();
      assertThat(reply.key().step()).isNotNull();
      assertThat(reply.verb()).isNotNull();
      assertThat(reply.outcome()).isNotNull();
    } catch (JacksonException e) {
      assertThat(e.getMessage()).isNotNull();
    }
  }

  @Provide
  Arbitrary<Map<String, String>> headers() {
    Map<String, String> valid = new HashMap<>();
    valid.put(SagaMessages.SAGA_ID, new UUID(7, 9).toString());
    valid.put(SagaMessages.STEP, "reserve/3");
    valid.put(SagaMessages.VERB, "UNDO");
    valid.put(SagaMessages.SENDING, "2");
    valid.put(SagaMessages.NOT_AFTER, "2026-03-01T12:34:56Z");
    valid.put(SagaMessages.COMMAND, "reserve");
    valid.put(SagaMessages.IRREFUSABLE, "true");
    valid.put(SagaMessages.REPLY_TO, "orders");
    Arbitrary<String> values =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(10),
            Arbitraries.of("", "/", "3/", "/3", "-1", "9999999999", "java.lang.Runtime/1"));
    return Arbitraries.maps(Arbitraries.of(valid.keySet()), values.injectNull(0.2))
        .ofMaxSize(3)
        .map(
            bent -> {
              Map<String, String> headers = new HashMap<>(valid);
              headers.putAll(bent);
              headers.values().removeIf(value -> value == null);
              return headers;
            });
  }

  @Property(tries = 3_000)
  void commandSaysWhatItIsOrIsNone(@ForAll("headers") Map<String, String> headers) {
    OutboxMessage message =
        OutboxMessage.of("saga-command.stock", 1, "saga-command.stock", "k", new byte[0])
            .withHeaders(headers);
    try {
      SagaMessages.Asked asked = SagaMessages.read(message);
      assertThat(StepKey.parse(asked.key().toString())).isEqualTo(asked.key());
    } catch (PayloadException e) {
      assertThat(e).hasMessageContaining("is no command of a saga");
    }
  }

  @Property(tries = 2_000)
  void pageBeginsSomewhereOrIsRefusedInOneSentence(@ForAll("cursors") String text) {
    try {
      SagaPage.Position position = SagaPage.Position.parse(text);
      assertThat(position.createdAt())
          .isBetween(Instant.EPOCH, SagaPage.Position.FIRST.createdAt());
      assertThat(SagaPage.Position.parse(position.text())).isEqualTo(position);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageStartingWith("after must be the \"next\" of a page of sagas");
    }
  }

  @Provide
  Arbitrary<String> cursors() {
    String valid =
        new SagaPage.Position(Instant.parse("2026-03-01T12:34:56.789Z"), new UUID(7, 9)).text();
    String never = new SagaPage.Position(Instant.MAX, new UUID(7, 9)).text();
    return Arbitraries.oneOf(
        mutated(valid.getBytes(StandardCharsets.UTF_8))
            .map(bytes -> new String(bytes, StandardCharsets.UTF_8)),
        Arbitraries.of(valid, never, ""),
        Arbitraries.strings().ofMaxLength(40));
  }

  @Provide
  Arbitrary<Progress> progresses() {
    Arbitrary<StepKey> keys =
        Combinators.combine(
                Arbitraries.strings().ascii().ofMaxLength(8).filter(s -> s.indexOf('/') < 0),
                Arbitraries.integers().between(0, 1_000))
            .as(StepKey::new);
    Arbitrary<Consumer<Progress>> acts =
        Combinators.combine(
                keys, Arbitraries.integers().between(0, 4), Arbitraries.strings().ofMaxLength(600))
            .as(SagaParserPropertyTest::act);
    return acts.list()
        .ofMaxSize(30)
        .map(
            list -> {
              Progress progress = new Progress();
              list.forEach(act -> act.accept(progress));
              return progress;
            });
  }

  private static Consumer<Progress> act(StepKey key, int kind, String text) {
    Instant at = Instant.EPOCH.plusMillis(text.hashCode());
    return switch (kind) {
      case 0 -> progress -> progress.done(key);
      case 1 -> progress -> progress.attempts(key, new Progress.Count(kind, key.item()));
      case 2 -> progress -> progress.waits(key, new UUID(key.item(), 1), at);
      default ->
          progress ->
              progress.add(
                  at,
                  SagaHistoryEntry.Kind.values()[
                      key.item() % SagaHistoryEntry.Kind.values().length],
                  kind == 3 ? null : key,
                  true,
                  key.item(),
                  kind == 3 ? null : "a",
                  Duration.ofMillis(key.item()),
                  text);
    };
  }

  @Property(tries = 300)
  void progressIsReadAsItWasWritten(@ForAll("progresses") Progress progress) {
    assertThat(Progress.read(progress.write())).usingRecursiveComparison().isEqualTo(progress);
  }

  @Provide
  Arbitrary<String> storedProgress() {
    Progress progress = new Progress();
    StepKey key = new StepKey("reserve", 3);
    for (int kind = 0; kind <= 4; kind++) {
      act(key, kind, "no stock").accept(progress);
    }
    return Arbitraries.oneOf(
        mutated(progress.write().getBytes(StandardCharsets.UTF_8))
            .map(bytes -> new String(bytes, StandardCharsets.UTF_8)),
        Arbitraries.of("", "{}", "{\"done\":[\"x\"]}", "{\"done\":[null],\"attempts\":{}}"));
  }

  /** A saga whose progress can't be read is shelved with the sentence that this throws. */
  @Property(tries = 2_000)
  void damagedProgressIsReadOrSaysWhatItIs(@ForAll("storedProgress") String stored) {
    try {
      assertThat(Progress.read(stored).write()).isNotEmpty();
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageStartingWith("The saga's progress is not what was written: ");
    }
  }

  /** Whatever an exception said, its text can be stored. */
  @Property(tries = 2_000)
  void textOfAFailureIsStorableAndNoLongerThanAllowed(
      @ForAll String text, @ForAll @IntRange(max = 30) int longest) {
    String stored = StorableText.of(text, longest);

    assertThat(stored.length()).isLessThanOrEqualTo(longest);
    assertThat(stored).doesNotContain("\0");
    assertThat(new String(stored.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
        .isEqualTo(stored);
    assertThat(StorableText.of(stored, longest)).isEqualTo(stored);
  }
}
