package dev.evenkeel.relay;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.LogicalMessage;
import dev.evenkeel.outbox.OutboxMessage;
import io.debezium.engine.RecordChangeEvent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** What the stream brings: a message of the outbox, as a row or not, or a heartbeat. */
sealed interface Captured {

  /** Its place. */
  StreamPosition position();

  /** A message of the outbox. */
  record Message(OutboxMessage message, long xid, StreamPosition position) implements Captured {}

  /** A heartbeat. */
  record Beat(Heartbeat heartbeat, StreamPosition position) implements Captured {}

  /**
   * Reads a record of Debezium in Connect format; null for what is neither. Never throws for what a
   * row or a foreign message of the same prefix may hold: one bad record would stop the stream for
   * ever.
   *
   * @param outboxPrefix of logical messages that are messages of the outbox
   * @param strange told of those that are none
   */
  static @Nullable Captured of(
      RecordChangeEvent<SourceRecord> event, String outboxPrefix, StrangeMessages strange) {
    if (!(event.record().value() instanceof Struct value)) {
      return null;
    }
    if (value.schema().field("message") != null) {
      Struct message = value.getStruct("message");
      Object content = message.get("content");
      byte[] bytes = content == null ? new byte[0] : bytes(content);
      return outboxPrefix.equals(message.getString("prefix"))
          ? message(bytes, event, strange)
          : heartbeat(bytes, event);
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
            HeadersJson.stored(row.getString("headers")),
            EpochMicros.toInstant(row.getInt64("created_at")));
    return new Message(message, row.getInt64("xid"), new StreamPosition(event));
  }

  private static @Nullable Captured heartbeat(
      byte[] content, RecordChangeEvent<SourceRecord> event) {
    Heartbeat heartbeat = Heartbeat.parse(new String(content, StandardCharsets.UTF_8));
    return heartbeat == null ? null : new Beat(heartbeat, new StreamPosition(event));
  }

  /**
   * The transaction that a message names has to be the one that the server decodes: the dispatcher
   * waits until it is visible, and for one that does not exist it would wait for ever.
   */
  private static @Nullable Captured message(
      byte[] content, RecordChangeEvent<SourceRecord> event, StrangeMessages strange) {
    StreamPosition position = new StreamPosition(event);
    LogicalMessage logical = LogicalMessage.read(content);
    Long decoded = position.xid();
    if (logical == null || decoded == null || (int) logical.xid() != decoded.intValue()) {
      strange.skip(position.lsn(), content.length);
      return null;
    }
    return new Message(logical.message(), logical.xid(), position);
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
