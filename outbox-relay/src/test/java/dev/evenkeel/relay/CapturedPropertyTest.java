package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.LogicalMessage;
import io.debezium.engine.RecordChangeEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/** Nothing that a row or a logical message may hold stops the stream. */
class CapturedPropertyTest {

  private static final String PREFIX = LogicalMessage.prefix("evenkeel");

  private static final Schema ROW =
      SchemaBuilder.struct()
          .field("id", Schema.STRING_SCHEMA)
          .field("aggregatetype", Schema.STRING_SCHEMA)
          .field("aggregateid", Schema.STRING_SCHEMA)
          .field("type", Schema.STRING_SCHEMA)
          .field("version", Schema.INT32_SCHEMA)
          .field("payload", Schema.BYTES_SCHEMA)
          .field("headers", Schema.STRING_SCHEMA)
          .field("created_at", Schema.INT64_SCHEMA)
          .field("xid", Schema.INT64_SCHEMA)
          .optional()
          .build();
  private static final Schema CHANGE = SchemaBuilder.struct().field("after", ROW).build();

  private static final Schema MESSAGE =
      SchemaBuilder.struct()
          .field("prefix", Schema.STRING_SCHEMA)
          .field("content", Schema.OPTIONAL_BYTES_SCHEMA)
          .build();
  private static final Schema LOGICAL = SchemaBuilder.struct().field("message", MESSAGE).build();

  private final StrangeMessages strange = new StrangeMessages(PREFIX);

  private Captured captured(Struct value, Map<String, Object> offset) {
    SourceRecord record =
        new SourceRecord(Map.of(), offset, "topic", null, null, value.schema(), value);
    RecordChangeEvent<SourceRecord> event = () -> record;
    return Captured.of(event, PREFIX, strange);
  }

  @Provide
  Arbitrary<String> headers() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(20),
        Arbitraries.maps(Arbitraries.strings().alpha(), Arbitraries.strings().alpha())
            .ofMaxSize(3)
            .map(HeadersJson::write),
        Arbitraries.of(
            "null",
            "[1]",
            "{\"a\": null}",
            "{\"a\": " + "[".repeat(3_000) + "]".repeat(3_000) + "}",
            "{\"a\": 1" + "0".repeat(3_000) + "}"));
  }

  @Property(tries = 1_000)
  void rowIsAMessageWhateverHandsWroteIt(
      @ForAll("headers") String headers,
      @ForAll String key,
      @ForAll String type,
      @ForAll int version,
      @ForAll byte[] payload,
      @ForAll long createdAt,
      @ForAll long xid) {
    Struct row =
        new Struct(ROW)
            .put("id", "019a9e5c-3f40-71a3-9c1d-000000000001")
            .put("aggregatetype", "order")
            .put("aggregateid", key)
            .put("type", type)
            .put("version", version)
            .put("payload", payload)
            .put("headers", headers)
            .put("created_at", createdAt)
            .put("xid", xid);

    assertThat(captured(new Struct(CHANGE).put("after", row), Map.of()))
        .isInstanceOfSatisfying(
            Captured.Message.class,
            message -> {
              assertThat(message.xid()).isEqualTo(xid);
              assertThat(message.message().aggregateId()).isEqualTo(key);
              assertThat(message.message().payload()).isEqualTo(payload);
              assertThat(message.message().createdAt())
                  .isEqualTo(Instant.EPOCH.plus(createdAt, ChronoUnit.MICROS));
            });
  }

  @Provide
  Arbitrary<String> prefixes() {
    return Arbitraries.oneOf(
        Arbitraries.of(PREFIX, "evenkeel:evenkeel:heartbeat", ""), Arbitraries.strings());
  }

  @Provide
  Arbitrary<byte[]> contents() {
    return Arbitraries.oneOf(
        Arbitraries.bytes().array(byte[].class).ofMaxSize(120).injectNull(0.1),
        Arbitraries.strings()
            .withChars("0123456789:,|-x ")
            .ofMaxLength(30)
            .map(text -> text.getBytes(StandardCharsets.UTF_8)),
        Arbitraries.of("1:2:|now|me", "7:9:8,7|now|", "1:1:1|", "9223372036854775807:1:|a|b|c")
            .map(text -> text.getBytes(StandardCharsets.UTF_8)));
  }

  @Property(tries = 5_000)
  void logicalMessageOfAnybodyIsPassedOver(
      @ForAll("prefixes") String prefix, @ForAll("contents") byte[] content, @ForAll Long xid) {
    Struct value =
        new Struct(LOGICAL)
            .put("message", new Struct(MESSAGE).put("prefix", prefix).put("content", content));
    Map<String, Object> offset = xid == null ? Map.of("lsn", 7L) : Map.of("lsn", 7L, "txId", xid);
    Captured captured = captured(value, offset);

    // What has a heartbeat's form moves nothing: it does not know the session's random origin.
    assertThat(captured == null || captured instanceof Captured.Beat).isTrue();
  }
}
