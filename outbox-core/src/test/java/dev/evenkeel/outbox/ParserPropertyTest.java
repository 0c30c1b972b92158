package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.spi.PayloadException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.ByteRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Whatever comes from outside is read or refused as documented, and nothing else happens. */
class ParserPropertyTest {

  private static final String SECRET = "4716-secret-8023";

  /** A bit of everything that a payload may have. */
  record Placed(UUID id, int number, Instant at, List<Line> lines, Map<String, Line> byName) {}

  record Line(String sku, long quantity) {}

  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.builder().build());

  private static final Placed PLACED =
      new Placed(
          new UUID(7, 9),
          12,
          Instant.parse("2026-03-01T12:34:56Z"),
          List.of(new Line("a", 1), new Line("b", 2)),
          Map.of("first", new Line("c", 3)));

  private static Arbitrary<String> texts() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(12),
        Arbitraries.of("", " ", "größe-🙂", "{}", "\"", "\\u0000", "null"));
  }

  private static Arbitrary<Map<String, String>> headerMaps() {
    return Arbitraries.maps(texts(), texts()).ofMaxSize(4);
  }

  @Provide
  Arbitrary<OutboxMessage> messages() {
    return Combinators.combine(
            texts(),
            texts(),
            texts(),
            Arbitraries.integers(),
            Mutations.noise(),
            headerMaps(),
            Arbitraries.longs())
        .as(
            (aggregateType, key, type, version, payload, headers, id) ->
                new OutboxMessage(
                    new UUID(id, ~id),
                    aggregateType,
                    key,
                    type,
                    version,
                    payload,
                    headers,
                    Instant.EPOCH));
  }

  private static boolean isAppended(OutboxMessage message) {
    try {
      OutboxTable.requireFit(message);
      LogicalMessage.requireStorable(message);
      // A half of a surrogate pair is no text that UTF-8 could write.
      return new String(LogicalMessage.body(message), StandardCharsets.UTF_8).indexOf('?') < 0;
    } catch (RuntimeException e) {
      return false;
    }
  }

  @Property(tries = 1_000)
  void whatAnAppendTakesIsReadFromTheWalAsItWas(@ForAll("messages") OutboxMessage message) {
    LogicalMessage read = LogicalMessage.read(LogicalMessageTest.content(message));
    if (isAppended(message)) {
      assertThat(read).isNotNull();
      assertThat(read.message())
          .usingRecursiveComparison()
          .ignoringFields("createdAt")
          .isEqualTo(message);
    }
  }

  @Provide
  Arbitrary<byte[]> contents() {
    OutboxMessage message =
        OutboxMessage.of(
                "placed", 3, "ordér", "größe-🙂", "{\"n\":1}".getBytes(StandardCharsets.UTF_8))
            .withHeaders(Map.of("tenant", "ü", "empty", ""));
    return Arbitraries.oneOf(
        Mutations.of(LogicalMessageTest.content(message)),
        Mutations.of(LogicalMessageTest.content(message.withHeaders(Map.of()))),
        Mutations.noise());
  }

  @Property(tries = 5_000)
  void contentFromTheWalIsAMessageThatCanBeStoredOrNone(@ForAll("contents") byte[] content) {
    LogicalMessage read = LogicalMessage.read(content);
    if (read != null) {
      LogicalMessage.requireStorable(read.message());
      assertThat(read.xid()).isPositive();
    }
  }

  @Property(tries = 1_000)
  void headersReadBackAsTheyWere(@ForAll("headers") Map<String, String> headers) {
    assertThat(HeadersJson.read(HeadersJson.write(headers))).isEqualTo(headers);
  }

  @Provide
  Arbitrary<Map<String, String>> headers() {
    return headerMaps();
  }

  @Provide
  Arbitrary<String> jsons() {
    return Mutations.ofText(
        "{}",
        "{\"a\":\"b\",\"c\":[1,2.5e3,null,true],\"d\":{\"e\":\"\\u00e9\\n\"}}",
        "[[[[{\"a\":{}}]]]]",
        "{\"a\": \"b\", \"a\": -0.0e-1}");
  }

  @Property(tries = 2_000)
  void storedHeadersAreReadWhateverTheyAre(@ForAll("jsons") String json) {
    Map<String, String> stored = HeadersJson.stored(json);
    Map<String, String> read;
    try {
      read = HeadersJson.read(json);
    } catch (JacksonException e) {
      assertThat(stored).containsOnlyKeys(HeadersJson.UNREADABLE);
      return;
    }
    assertThat(stored).isEqualTo(read);
  }

  @Test
  void jsonbThatIsBeyondTheReadersBoundsIsAHeaderThatSaysSo() {
    String deep = "{\"a\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}";
    String precise = "{\"a\":1" + "0".repeat(5_000) + "}";
    String named = "{\"" + "a".repeat(100_000) + "\":1}";
    for (String json : List.of(deep, precise, named)) {
      assertThat(HeadersJson.stored(json)).containsOnlyKeys(HeadersJson.UNREADABLE);
    }
  }

  @Provide
  Arbitrary<byte[]> payloads() {
    byte[] valid = CODEC.encode(PLACED);
    return Arbitraries.oneOf(Mutations.of(valid), Mutations.noise());
  }

  @Property(tries = 3_000)
  void payloadIsReadOrAPayloadException(@ForAll("payloads") byte[] payload) {
    try {
      assertThat(CODEC.decode(payload, Placed.class)).isNotNull();
    } catch (PayloadException e) {
      assertThat(e).hasMessageContaining(Placed.class.getName());
    }
  }

  @Property(tries = 2_000)
  void payloadIsUpcastOrAPayloadException(@ForAll("payloads") byte[] payload) {
    JsonUpcaster upcaster = JsonUpcaster.of("placed", 1, object -> object.put("added", 1));
    try {
      upcaster.upcast(payload);
    } catch (PayloadException e) {
      assertThat(e).hasMessageContaining("payload is");
    }
  }

  /** Each place of a payload in turn holds what must not be told. */
  @Property(tries = 300)
  void refusalSaysNothingOfWhatThePayloadHolds(
      @ForAll @IntRange(max = 200) int at, @ForAll @ByteRange(min = 32, max = 126) byte before) {
    String valid = new String(CODEC.encode(PLACED), StandardCharsets.UTF_8);
    int place = Math.min(at, valid.length());
    byte[] payload =
        (valid.substring(0, place) + (char) before + SECRET + valid.substring(place))
            .getBytes(StandardCharsets.UTF_8);
    try {
      CODEC.decode(payload, Placed.class);
    } catch (PayloadException e) {
      assertThat(withoutNames(e.getMessage())).doesNotContain(SECRET);
    }
    for (String value : List.of("\"%s\"", "{\"%s\":1}", "[\"%s\"]", "%s")) {
      String json = "{\"number\":" + value.formatted(SECRET) + "}";
      try {
        CODEC.decode(json.getBytes(StandardCharsets.UTF_8), Placed.class);
      } catch (PayloadException e) {
        assertThat(e.getMessage()).doesNotContain(SECRET);
      }
    }
  }

  /** Names of properties are told: without them nobody finds the mistake. */
  private static String withoutNames(String message) {
    return message.replaceFirst(" in [^ ]*" + SECRET + ".*", "");
  }

  @Provide
  Arbitrary<String> cursors() {
    String valid = DeadLetterPage.Cursor.of(DeadLetterPages.letter(0, 1, "billing"));
    return Mutations.ofText(valid, valid + "=", "");
  }

  @Property(tries = 5_000)
  void pageBeginsSomewhereOrIsRefusedInOneSentence(@ForAll("cursors") String text) {
    try {
      assertThat(DeadLetterPage.Cursor.parse(text)).isNotNull();
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageStartingWith("after must be the \"next\" of a page of dead letters");
    }
  }

  @Property
  void headerOfASlotIsASlotOrNone(@ForAll("slots") String header) {
    Integer slot =
        OutboxMessage.of("placed", 1, "order", "1", new byte[0])
            .withHeaders(Map.of(MessageHeaders.SLOT, header))
            .slot();
    assertThat(slot == null || (slot >= 0 && slot < SlotHash.SLOTS)).isTrue();
  }

  @Provide
  Arbitrary<String> slots() {
    return Arbitraries.oneOf(
        Arbitraries.integers().map(String::valueOf), Arbitraries.strings().ofMaxLength(6));
  }

  @Provide
  Arbitrary<String> paths() {
    return Arbitraries.oneOf(
        Mutations.ofText("lines", "id.mostSignificantBits", "byName.size", "class.name"),
        Arbitraries.of(".", "..", "id.", "wait", "notify", "lines[0]", "id()", "T(x).y"));
  }

  @Property(tries = 2_000)
  void pathLeadsToAPropertyOrIsRefusedInOneSentence(@ForAll("paths") String path) {
    try {
      assertThat(PropertyPath.of("key", Placed.class, path).type()).isNotEqualTo(void.class);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("has no property");
    }
  }

  @Property(tries = 2_000)
  void nameOfAReplicationSlotIsAllowedAndTheInstallationsOwn(
      @ForAll("names") String database,
      @ForAll("names") String schema,
      @ForAll("names") String otherDatabase,
      @ForAll("names") String otherSchema) {
    String name = ReplicationSlotName.of(database, schema);
    assertThat(name).matches("[a-z0-9_]{1,63}");
    if (!database.equals(otherDatabase) || !schema.equals(otherSchema)) {
      assertThat(ReplicationSlotName.of(otherDatabase, otherSchema)).isNotEqualTo(name);
    }
  }

  /** Two installations whose names, put together, read alike. */
  @Property
  void installationsShareNoReplicationSlotWhereverTheirNamesAreCut(
      @ForAll("words") List<String> words,
      @ForAll @IntRange(min = 1, max = 9) int one,
      @ForAll @IntRange(min = 1, max = 9) int other) {
    int first = 1 + one % (words.size() - 1);
    int second = 1 + other % (words.size() - 1);
    if (first != second) {
      assertThat(named(words, first)).isNotEqualTo(named(words, second));
    }
  }

  private static String named(List<String> words, int at) {
    return ReplicationSlotName.of(
        String.join("_", words.subList(0, at)), String.join("_", words.subList(at, words.size())));
  }

  @Provide
  Arbitrary<List<String>> words() {
    return Arbitraries.of("shop", "a", "b", "evenkeel", "x".repeat(40))
        .list()
        .ofMinSize(2)
        .ofMaxSize(6);
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.oneOf(
        Arbitraries.strings().withChars("ab_").ofMinLength(1).ofMaxLength(4),
        Arbitraries.strings().withChars("aA_-ü").ofMinLength(1).ofMaxLength(70));
  }
}
