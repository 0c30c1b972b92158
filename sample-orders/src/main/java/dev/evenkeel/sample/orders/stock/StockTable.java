package dev.evenkeel.sample.orders.stock;

import dev.evenkeel.sample.orders.service.OfWarehouses;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The stock in SQL: a level for each article, and an entry for everything that changed it. Call it
 * in a transaction on the article's shard.
 */
@Repository
@OfWarehouses
class StockTable {

  /** What an entry did. */
  enum Kind {
    SET,
    RESERVED,
    RELEASED,
    SHIPPED
  }

  private static final String INTRODUCE =
      """
      INSERT INTO stock (sku, slot, on_hand) VALUES (:sku, :slot, :onHand)
      ON CONFLICT (sku) DO NOTHING
      """;

  private static final String FIND =
      """
      SELECT on_hand, reserved FROM stock WHERE sku = :sku
      """;

  private static final String LOCK =
      """
      SELECT on_hand FROM stock WHERE sku = :sku FOR UPDATE
      """;

  private static final String SET =
      """
      UPDATE stock SET on_hand = :quantity WHERE sku = :sku
      """;

  private static final String RESERVE =
      """
      UPDATE stock SET reserved = reserved + :quantity
       WHERE sku = :sku AND on_hand - reserved >= :quantity
      """;

  private static final String RELEASE =
      """
      UPDATE stock SET reserved = reserved - :quantity
       WHERE sku = :sku AND reserved >= :quantity
      """;

  private static final String SHIP =
      """
      UPDATE stock SET reserved = reserved - :quantity, on_hand = on_hand - :quantity
       WHERE sku = :sku AND reserved >= :quantity AND on_hand >= :quantity
      """;

  /** The article's row is locked, by insert or update: no two draw one number. */
  private static final String APPEND =
      """
      INSERT INTO stock_entry (sku, entry_number, slot, kind, quantity, order_id, line_number)
      SELECT :sku, coalesce(max(entry_number), 0) + 1, :slot, :kind, :quantity,
             CAST(:orderId AS uuid), CAST(:lineNumber AS integer)
        FROM stock_entry
       WHERE sku = :sku
      """;

  private final JdbcClient database;

  StockTable(JdbcClient database) {
    this.database = database;
  }

  /** Leaves an article that is known as it is. */
  void introduce(String sku, int slot, long onHand) {
    boolean isNew =
        database
                .sql(INTRODUCE)
                .param("sku", sku)
                .param("slot", slot)
                .param("onHand", onHand)
                .update()
            == 1;
    if (isNew && onHand != 0) {
      append(sku, slot, Kind.SET, onHand, null, null);
    }
  }

  /** Says how much there is; the entry holds the difference. */
  void set(String sku, int slot, long onHand) {
    introduce(sku, slot, 0);
    long before = database.sql(LOCK).param("sku", sku).query(Long.class).single();
    if (before != onHand) {
      update(SET, sku, onHand);
      append(sku, slot, Kind.SET, onHand - before, null, null);
    }
  }

  /** False when less is available. */
  boolean reserve(String sku, int slot, long quantity, UUID orderId, int lineNumber) {
    return change(RESERVE, Kind.RESERVED, sku, slot, quantity, orderId, lineNumber);
  }

  /** False when less is reserved. */
  boolean release(String sku, int slot, long quantity, UUID orderId, int lineNumber) {
    return change(RELEASE, Kind.RELEASED, sku, slot, quantity, orderId, lineNumber);
  }

  /** False when less is reserved, or on hand. */
  boolean ship(String sku, int slot, long quantity, UUID orderId, int lineNumber) {
    return change(SHIP, Kind.SHIPPED, sku, slot, quantity, orderId, lineNumber);
  }

  Optional<StockLevel> find(String sku) {
    return database
        .sql(FIND)
        .param("sku", sku)
        .query((row, number) -> new StockLevel(row.getLong("on_hand"), row.getLong("reserved")))
        .optional();
  }

  private boolean change(
      String sql, Kind kind, String sku, int slot, long quantity, UUID orderId, int lineNumber) {
    boolean enough = update(sql, sku, quantity);
    if (enough) {
      append(sku, slot, kind, quantity, orderId, lineNumber);
    }
    return enough;
  }

  private boolean update(String sql, String sku, long quantity) {
    return database.sql(sql).param("sku", sku).param("quantity", quantity).update() == 1;
  }

  private void append(
      String sku,
      int slot,
      Kind kind,
      long quantity,
      @Nullable UUID orderId,
      @Nullable Integer lineNumber) {
    database
        .sql(APPEND)
        .param("sku", sku)
        .param("slot", slot)
        .param("kind", kind.name())
        .param("quantity", quantity)
        .param("orderId", orderId)
        .param("lineNumber", lineNumber)
        .update();
  }
}
