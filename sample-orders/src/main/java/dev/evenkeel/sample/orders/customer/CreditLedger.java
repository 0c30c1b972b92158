package dev.evenkeel.sample.orders.customer;

import dev.evenkeel.sample.orders.service.OfCustomers;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The credit ledger in SQL: rows of deltas, only ever appended. Call it in a transaction on the
 * customer's shard, and {@link #lock} before {@link #append}.
 */
@Repository
@OfCustomers
class CreditLedger {

  /** What an entry changes. */
  enum Kind {
    LIMIT,
    RESERVED,
    USED
  }

  /** A balance never sums more entries than this. */
  static final int SNAPSHOT_EVERY = 100;

  private static final String OPEN =
      """
      INSERT INTO customer (customer_id, slot) VALUES (:customerId, :slot)
      ON CONFLICT (customer_id) DO NOTHING
      """;

  private static final String LOCK =
      """
      SELECT customer_id FROM customer WHERE customer_id = :customerId FOR UPDATE
      """;

  /** One statement, so that snapshot and later entries are of one moment. */
  private static final String BALANCE =
      """
      SELECT s.entry_number + count(e.entry_number) AS entry_number,
             s.credit_limit + coalesce(sum(e.delta) FILTER (WHERE e.kind = 'LIMIT'), 0) AS credit_limit,
             s.reserved + coalesce(sum(e.delta) FILTER (WHERE e.kind = 'RESERVED'), 0) AS reserved,
             s.used + coalesce(sum(e.delta) FILTER (WHERE e.kind = 'USED'), 0) AS used
        FROM (SELECT entry_number, credit_limit, reserved, used
                FROM credit_snapshot
               WHERE customer_id = :customerId
               UNION ALL
              SELECT 0, 0.00, 0.00, 0.00
               ORDER BY entry_number DESC
               LIMIT 1) s
        LEFT JOIN credit_entry e
          ON e.customer_id = :customerId AND e.entry_number > s.entry_number
       GROUP BY s.entry_number, s.credit_limit, s.reserved, s.used
      """;

  /** Without the lock two writers would draw one number, and the primary key refuses the second. */
  private static final String APPEND =
      """
      INSERT INTO credit_entry (customer_id, entry_number, slot, kind, delta, order_id)
      SELECT :customerId, coalesce(max(entry_number), 0) + 1, :slot, :kind, :delta, CAST(:orderId AS uuid)
        FROM credit_entry
       WHERE customer_id = :customerId
      RETURNING entry_number
      """;

  private static final String SNAPSHOT =
      """
      INSERT INTO credit_snapshot (customer_id, entry_number, slot, credit_limit, reserved, used)
      SELECT :customerId, b.entry_number, :slot, b.credit_limit, b.reserved, b.used
        FROM (%s) b
      """
          .formatted(BALANCE);

  private final JdbcClient database;

  CreditLedger(JdbcClient database) {
    this.database = database;
  }

  /**
   * Makes the customer known, with a first limit, and lets no one else write their entries until
   * the transaction ends.
   *
   * @param firstLimit counts only when the customer was not known
   */
  void lock(long customerId, int slot, BigDecimal firstLimit) {
    boolean opened =
        database.sql(OPEN).param("customerId", customerId).param("slot", slot).update() == 1;
    if (opened) {
      append(customerId, slot, Kind.LIMIT, firstLimit, null);
    } else {
      database.sql(LOCK).param("customerId", customerId).query(Long.class).single();
    }
  }

  /** The balance; empty when the customer is not known. */
  Optional<CreditBalance> balance(long customerId) {
    return database
        .sql(BALANCE)
        .param("customerId", customerId)
        .query(
            (row, number) ->
                row.getLong("entry_number") == 0
                    ? Optional.<CreditBalance>empty()
                    : Optional.of(
                        new CreditBalance(
                            row.getBigDecimal("credit_limit"),
                            row.getBigDecimal("reserved"),
                            row.getBigDecimal("used"))))
        .single();
  }

  /**
   * Adds an entry, and a snapshot after every {@value SNAPSHOT_EVERY} of the customer.
   *
   * @param delta with two decimals, negative to take back
   * @param orderId whose credit it is; null for {@link Kind#LIMIT} only
   */
  void append(long customerId, int slot, Kind kind, BigDecimal delta, @Nullable UUID orderId) {
    long number =
        database
            .sql(APPEND)
            .param("customerId", customerId)
            .param("slot", slot)
            .param("kind", kind.name())
            .param("delta", delta)
            .param("orderId", orderId)
            .query(Long.class)
            .single();
    if (number % SNAPSHOT_EVERY == 0) {
      database.sql(SNAPSHOT).param("customerId", customerId).param("slot", slot).update();
    }
  }
}
