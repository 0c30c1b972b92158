package dev.evenkeel.sample.orders.order;

import dev.evenkeel.sample.orders.service.OfOrders;
import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.shard.Sharded;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Which order an {@code Idempotency-Key} stands for, on the shard of the key.
 *
 * <p>Key and customer may lie on different shards, so the key's order is committed here first, and
 * only then started there. A process that ends in between leaves a key without an order; the retry
 * starts the very order that the key names, and starting it twice starts it once.
 */
@Component
@OfOrders
class IdempotencyKeys {

  private static final Duration SHORTEST = Duration.ofMinutes(1);

  /** A saga's key is kept for 30 days after its end: until then no order can be started twice. */
  private static final Duration LONGEST = Duration.ofDays(30);

  /**
   * What one reservation clears away at most; more than it adds, so that old keys never pile up.
   */
  private static final int CLEARED_EACH_TIME = 10;

  /** An expired key is as good as none. */
  private static final String RESERVE =
      """
      INSERT INTO idempotency_key AS k (key, slot, body_hash, order_id, placed_at)
      VALUES (:key, :slot, :bodyHash, :orderId, :placedAt)
      ON CONFLICT (key) DO UPDATE
         SET body_hash = excluded.body_hash, order_id = excluded.order_id,
             placed_at = excluded.placed_at, reserved_at = clock_timestamp()
       WHERE k.reserved_at < clock_timestamp() - :keepSeconds * interval '1 second'
      """;

  private static final String FIND =
      """
      SELECT body_hash, order_id, placed_at FROM idempotency_key WHERE key = :key
      """;

  /** Skips what another reservation holds, so that two never wait for each other. */
  private static final String CLEAR =
      """
      DELETE FROM idempotency_key
       WHERE key IN (SELECT key
                       FROM idempotency_key
                      WHERE reserved_at < clock_timestamp() - :keepSeconds * interval '1 second'
                      ORDER BY reserved_at
                      LIMIT :most
                        FOR UPDATE SKIP LOCKED)
      """;

  private final JdbcClient database;
  private final Slots slots;
  private final long keepSeconds;

  IdempotencyKeys(
      JdbcClient database, Slots slots, @Value("${orders.idempotency.keep}") Duration keep) {
    this.database = database;
    this.slots = slots;
    if (keep.compareTo(SHORTEST) < 0 || keep.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "orders.idempotency.keep must be between %s and %s, was %s"
              .formatted(SHORTEST, LONGEST, keep));
    }
    this.keepSeconds = keep.toSeconds();
  }

  /** The order that a key stands for. */
  record Reservation(UUID orderId, Instant placedAt) {}

  private record Row(String bodyHash, Reservation reservation) {

    static Row of(ResultSet row, int number) throws SQLException {
      return new Row(
          row.getString("body_hash"),
          new Reservation(
              row.getObject("order_id", UUID.class),
              row.getObject("placed_at", OffsetDateTime.class).toInstant()));
    }
  }

  /**
   * Reserves a key for an order; one that is reserved keeps its first. Two at once wait for each
   * other.
   *
   * @param key 1 to 255 characters
   * @param body what the key must always come with
   * @throws IdempotencyKeyReusedException if it came with another body before
   */
  @Sharded(key = "key")
  @Transactional
  public Reservation reserve(String key, OrderRequest body, Reservation fresh) {
    String bodyHash = hash(body);
    database.sql(CLEAR).param("keepSeconds", keepSeconds).param("most", CLEARED_EACH_TIME).update();
    database
        .sql(RESERVE)
        .param("key", key)
        .param("slot", slots.of(key))
        .param("bodyHash", bodyHash)
        .param("orderId", fresh.orderId())
        .param("placedAt", fresh.placedAt().atOffset(ZoneOffset.UTC))
        .param("keepSeconds", keepSeconds)
        .update();
    Row row = database.sql(FIND).param("key", key).query(Row::of).single();
    if (!row.bodyHash().equals(bodyHash)) {
      throw new IdempotencyKeyReusedException(key);
    }
    return row.reservation();
  }

  /** Of what the body says, not of how it is written: no field can hold what separates them. */
  private static String hash(OrderRequest body) {
    StringBuilder text = new StringBuilder().append(body.customerId());
    for (PlaceOrder.Line line : body.numberedLines()) {
      text.append('\n').append(line.sku()).append(' ').append(line.quantity());
      text.append(' ').append(line.unitPrice());
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256, and this one has not", e);
    }
  }
}
