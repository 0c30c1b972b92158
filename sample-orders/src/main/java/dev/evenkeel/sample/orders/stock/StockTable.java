package dev.evenkeel.sample.orders.stock;

import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** The stock in SQL. Call it in a transaction on the article's shard. */
@Repository
class StockTable {

  private static final String SET =
      """
      INSERT INTO stock (sku, slot, on_hand) VALUES (:sku, :slot, :onHand)
      ON CONFLICT (sku) DO UPDATE SET on_hand = excluded.on_hand
      """;

  private static final String INTRODUCE =
      """
      INSERT INTO stock (sku, slot, on_hand) VALUES (:sku, :slot, :onHand)
      ON CONFLICT (sku) DO NOTHING
      """;

  private static final String FIND =
      """
      SELECT on_hand, reserved FROM stock WHERE sku = :sku
      """;

  private final JdbcClient database;

  StockTable(JdbcClient database) {
    this.database = database;
  }

  void set(String sku, int slot, long onHand) {
    write(SET, sku, slot, onHand);
  }

  /** Leaves an article that is known as it is. */
  void introduce(String sku, int slot, long onHand) {
    write(INTRODUCE, sku, slot, onHand);
  }

  private void write(String sql, String sku, int slot, long onHand) {
    database.sql(sql).param("sku", sku).param("slot", slot).param("onHand", onHand).update();
  }

  Optional<StockLevel> find(String sku) {
    return database
        .sql(FIND)
        .param("sku", sku)
        .query((row, number) -> new StockLevel(row.getLong("on_hand"), row.getLong("reserved")))
        .optional();
  }
}
