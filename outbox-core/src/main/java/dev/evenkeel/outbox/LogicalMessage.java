package dev.evenkeel.outbox;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An outbox message as PostgreSQL's logical message carries it through the WAL. Written by the
 * outbox, read by the relay.
 *
 * <p>The bytes: format (1), transaction id (8), time of the append in microseconds since 1970 (8),
 * message id (16), version (4); then aggregate type, key, type and headers, each as its length (4)
 * and UTF-8; the rest is the payload. Numbers are big-endian. Format, transaction id and time are
 * put in front by the server.
 *
 * @param message as it was appended, {@code createdAt} by the database's clock
 * @param xid the transaction that appended it
 */
public record LogicalMessage(OutboxMessage message, long xid) {

  static final int FORMAT = 1;

  private static final int SERVERS_BYTES = 1 + Long.BYTES + Long.BYTES;
  private static final int FIXED_BYTES = 2 * Long.BYTES + Integer.BYTES + 4 * Integer.BYTES;

  /** Far beyond any clock, and a time that every store can hold. */
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  /**
   * What logical messages of an installation's outbox are marked with. They are seen by every
   * reader of the database, so it carries the schema.
   */
  public static String prefix(String schema) {
    return "evenkeel:" + schema + ":outbox";
  }

  /**
   * Refuses what could be written to the WAL and to no table, where a message has to go that can't
   * be handled.
   *
   * @throws OutboxException naming the message and what is wrong with it
   */
  static void requireStorable(OutboxMessage message) {
    if (!isStorable(message)) {
      throw new OutboxException(
          "%s: its aggregate type, key, type and headers must not contain the character 0"
              .formatted(message));
    }
  }

  private static boolean isStorable(OutboxMessage message) {
    return isText(message.aggregateType())
        && isText(message.aggregateId())
        && isText(message.type())
        && message.headers().entrySet().stream()
            .allMatch(header -> isText(header.getKey()) && isText(header.getValue()));
  }

  private static boolean isText(String value) {
    return value.indexOf('\0') < 0;
  }

  /** What the server puts its part in front of. */
  static byte[] body(OutboxMessage message) {
    byte[][] texts = {
      utf8(message.aggregateType()),
      utf8(message.aggregateId()),
      utf8(message.type()),
      utf8(HeadersJson.write(message.headers()))
    };
    int size = FIXED_BYTES + message.payload().length;
    for (byte[] text : texts) {
      size += text.length;
    }
    ByteBuffer bytes = ByteBuffer.allocate(size);
    bytes.putLong(message.id().getMostSignificantBits());
    bytes.putLong(message.id().getLeastSignificantBits());
    bytes.putInt(message.version());
    for (byte[] text : texts) {
      bytes.putInt(text.length).put(text);
    }
    return bytes.put(message.payload()).array();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads what the outbox wrote.
   *
   * @param content whatever was found under the prefix
   * @return null for anything that no append writes: everybody who may connect to the database may
   *     write logical messages
   */
  public static @Nullable LogicalMessage read(byte[] content) {
    if (content.length < SERVERS_BYTES + FIXED_BYTES || content[0] != FORMAT) {
      return null;
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(content, 1, content.length - 1);
      long xid = bytes.getLong();
      Instant createdAt = Instant.EPOCH.plus(bytes.getLong(), ChronoUnit.MICROS);
      OutboxMessage message = message(bytes, createdAt);
      OutboxTable.requireFit(message);
      requireStorable(message);
      boolean timely = !createdAt.isBefore(Instant.EPOCH) && !createdAt.isAfter(LATEST);
      return xid > 0 && timely ? new LogicalMessage(message, xid) : null;
    } catch (CharacterCodingException | RuntimeException e) {
      return null; // lengths, text, JSON: there are many ways to be no message
    }
  }

  private static OutboxMessage message(ByteBuffer bytes, Instant createdAt)
      throws CharacterCodingException {
    UUID id = new UUID(bytes.getLong(), bytes.getLong());
    int version = bytes.getInt();
    String aggregateType = text(bytes);
    String aggregateId = text(bytes);
    String type = text(bytes);
    String json = text(bytes);
    if (!json.startsWith("{")) {
      throw new IllegalArgumentException("headers are an object");
    }
    Map<String, String> headers = HeadersJson.read(json);
    byte[] payload = new byte[bytes.remaining()];
    bytes.get(payload);
    return new OutboxMessage(
        id, aggregateType, aggregateId, type, version, payload, headers, createdAt);
  }

  private static String text(ByteBuffer bytes) throws CharacterCodingException {
    int length = bytes.getInt();
    if (length < 0 || length > bytes.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer text = bytes.slice(bytes.position(), length);
    bytes.position(bytes.position() + length);
    return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
  }
}
