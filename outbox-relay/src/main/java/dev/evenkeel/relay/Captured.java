package dev.evenkeel.relay;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.OutboxMessage;
import io.debezium.engine.RecordChangeEvent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** What the stream brings: a row of the outbox or a heartbeat. */
sealed interface Captured {

  /** Its place. */
  StreamPosition position();

  /** A row of the outbox. */
  record Message(OutboxMessage message, long xid, StreamPosition position) implements Captured {}

  /** A heartbeat. */
  record Beat(Heartbeat heartbeat, StreamPosition position) implements Captured {}

  /**
   * Reads a record of Debezium in Connect format; null for what is neither. Never throws for what a
   * row or a foreign message of the same prefix may hold: one bad record would stop the stream for
   * ever.
   */
  static @Nullable Captured of(RecordChangeEvent<SourceRecord> event) {
    if (!(event.record().value() instanceof Struct value)) {
      return null;
    }
    if (value.schema().field("message") != null) {
      Object content = value.getStruct("message").get("content");
      Heartbeat heartbeat =
          content == null
              ? null
              : Heartbeat.parse(new String(bytes(content), StandardCharsets.UTF_8));
      return heartbeat == null ? null : new Beat(heartbeat, new StreamPosition(event));
    }
    if (value.schema().field("after") == null || value.getStruct("after") == null) {
      return null;
    }
    Struct row = value.getStruct("after");
    OutboxMessage message =
        new OutboxMessage(
            UUID.fromString(row.getString("id")),
            row.getString("aggregatetype"),
            row.getString("aggregateid"),
            row.getString("type"),
            row.getInt32("version"),
            bytes(row.get("payload")),
            HeadersJson.read(row.getString("headers")),
            OffsetDateTime.parse(row.getString("created_at")).toInstant());
    return new Message(message, row.getInt64("xid"), new StreamPosition(event));
  }

  private static byte[] bytes(Object value) {
    if (value instanceof byte[] array) {
      return array;
    }
    ByteBuffer buffer = ((ByteBuffer) value).duplicate();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
