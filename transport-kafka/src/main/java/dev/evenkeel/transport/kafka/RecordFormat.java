package dev.evenkeel.transport.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.JsonMistake;
import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OrderKey;
import dev.evenkeel.outbox.OutboxMessage;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Messages as Kafka records, and back. What is written here and what Kafka Connect writes with
 * Debezium's outbox event router is read alike. Immutable, thread-safe.
 */
final class RecordFormat {

  static final String ID = "id";
  static final String TYPE = "type";
  static final String VERSION = "version";
  static final String CREATED_AT = "created_at";
  static final String HEADERS = "headers";

  /** What is kept of a key or type that can't be read. */
  private static final int MAX_UNREADABLE = 200;

  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  private final TopicNames names;
  private final List<Header> constant;

  /**
   * Makes a format.
   *
   * @param source the CloudEvents source: a URI reference that names the application
   * @param contentType what the payload codec writes
   */
  RecordFormat(TopicNames names, String source, String contentType) {
    this.names = names;
    this.constant =
        List.of(
            header("ce_specversion", "1.0"),
            header("ce_source", source),
            header("content-type", contentType));
  }

  /** The record of a message; the producer gives it the present instant and the key's partition. */
  ProducerRecord<byte[], byte[]> record(OutboxMessage message) {
    List<Header> headers = new ArrayList<>(16);
    byte[] id = bytes(message.id().toString());
    byte[] type = bytes(message.type());
    byte[] createdAt = bytes(message.createdAt().toString());
    byte[] key = bytes(message.aggregateId());
    headers.add(new RecordHeader(ID, id));
    headers.add(new RecordHeader(TYPE, type));
    headers.add(header(VERSION, Integer.toString(message.version())));
    headers.add(new RecordHeader(CREATED_AT, createdAt));
    headers.add(header(HEADERS, HeadersJson.write(message.headers())));
    String trace = message.headers().get(MessageHeaders.TRACE_PARENT);
    if (trace != null) {
      headers.add(header(MessageHeaders.TRACE_PARENT, trace)); // where others look for it
    }
    headers.addAll(constant);
    headers.add(new RecordHeader("ce_id", id));
    headers.add(new RecordHeader("ce_type", type));
    headers.add(new RecordHeader("ce_time", createdAt));
    headers.add(new RecordHeader("ce_subject", key));
    return new ProducerRecord<>(
        names.topic(message.aggregateType()), null, null, key, message.payload(), headers);
  }

  /** A record that is no message. */
  static final class UnreadableRecordException extends Exception {

    private static final long serialVersionUID = 1L;

    UnreadableRecordException(String message) {
      super(message);
    }
  }

  /**
   * The message of a record.
   *
   * @param aggregateType of the record's topic and type
   * @throws UnreadableRecordException naming what is missing or wrong
   */
  static OutboxMessage message(ConsumerRecord<byte[], byte[]> record, String aggregateType)
      throws UnreadableRecordException {
    if (record.key() == null) {
      throw new UnreadableRecordException("the record has no key");
    }
    if (record.value() == null) {
      throw new UnreadableRecordException("the record has no value");
    }
    String key = storable("key", text(record.key()));
    if (!new OrderKey(aggregateType, key).fits()) {
      throw new UnreadableRecordException(
          "its key has more than %d bytes".formatted(OrderKey.MAX_BYTES));
    }
    try {
      return new OutboxMessage(
          UUID.fromString(required(record, ID)),
          aggregateType,
          key,
          storable("type", required(record, TYPE)),
          Integer.parseInt(required(record, VERSION)),
          record.value(),
          headers(record),
          createdAt(record));
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new UnreadableRecordException("a header can't be read: " + e.getMessage());
    }
  }

  /** A record that is no message, as one that can be parked: its identity is its place. */
  static OutboxMessage unreadable(ConsumerRecord<byte[], byte[]> record, String aggregateType) {
    String place = record.topic() + "/" + record.partition() + "/" + record.offset();
    String type = type(record);
    return new OutboxMessage(
        UUID.nameUUIDFromBytes(bytes(place)),
        aggregateType,
        record.key() == null ? "" : cleaned(text(record.key())),
        type == null ? "unreadable" : cleaned(type),
        1,
        record.value() == null ? new byte[0] : record.value(),
        Map.of("kafka-record", place),
        clamped(Instant.ofEpochMilli(record.timestamp())));
  }

  private static String cleaned(String text) {
    String storable = text.replace('\0', '\uFFFD');
    return storable.substring(0, Math.min(storable.length(), MAX_UNREADABLE));
  }

  private static Instant clamped(Instant instant) {
    if (instant.isBefore(Instant.EPOCH)) {
      return Instant.EPOCH;
    }
    return instant.isAfter(LAST) ? LAST : instant;
  }

  /** The message's type; null when the record names none. */
  static @Nullable String type(ConsumerRecord<byte[], byte[]> record) {
    return optional(record, TYPE);
  }

  private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record)
      throws UnreadableRecordException {
    String json = optional(record, HEADERS);
    if (json == null) {
      return Map.of();
    }
    Map<String, String> headers;
    try {
      headers = HeadersJson.read(json);
    } catch (JacksonException e) {
      throw new UnreadableRecordException(
          "the header \"headers\" is no JSON: " + JsonMistake.of(e));
    }
    for (Map.Entry<String, String> header : headers.entrySet()) {
      storable("headers", header.getKey());
      storable("headers", header.getValue());
    }
    return headers;
  }

  private static Instant createdAt(ConsumerRecord<byte[], byte[]> record) {
    String text = optional(record, CREATED_AT);
    Instant instant =
        text == null
            ? Instant.ofEpochMilli(record.timestamp())
            : OffsetDateTime.parse(text).toInstant();
    if (!clamped(instant).equals(instant)) {
      throw new DateTimeException(instant + " is before 1970 or after 9999");
    }
    return instant;
  }

  /** PostgreSQL stores no NUL in a text, so such a message could never be parked. */
  private static String storable(String what, String text) throws UnreadableRecordException {
    if (text.indexOf('\0') >= 0) {
      throw new UnreadableRecordException("its " + what + " has a NUL character");
    }
    return text;
  }

  private static String required(ConsumerRecord<byte[], byte[]> record, String name)
      throws UnreadableRecordException {
    String value = optional(record, name);
    if (value == null) {
      throw new UnreadableRecordException("the record has no header \"" + name + "\"");
    }
    return value;
  }

  private static @Nullable String optional(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null ? null : text(header.value());
  }

  static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, bytes(value));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
