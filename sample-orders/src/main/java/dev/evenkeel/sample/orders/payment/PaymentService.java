package dev.evenkeel.sample.orders.payment;

import dev.evenkeel.sample.orders.service.OfCustomers;
import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.shard.Sharded;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * Charges and voids, each call one transaction on the customer's shard. Repeating either changes
 * nothing; of the two the void wins, in whichever order they come.
 */
@Service
@OfCustomers
@Sharded(key = "customerId")
class PaymentService {

  private static final String CHARGE =
      """
      INSERT INTO payment (key, customer_id, slot, order_id, amount, charged_at)
      VALUES (:key, :customerId, :slot, :orderId, :amount, clock_timestamp())
      ON CONFLICT (key) DO NOTHING
      """;

  private static final String VOID =
      """
      INSERT INTO payment AS p (key, customer_id, slot, order_id, voided_at)
      VALUES (:key, :customerId, :slot, :orderId, clock_timestamp())
      ON CONFLICT (key) DO UPDATE SET voided_at = coalesce(p.voided_at, excluded.voided_at)
      """;

  /** A statement after the insert, which sees what that has waited for. */
  private static final String FIND =
      """
      SELECT key, order_id, amount, voided_at IS NOT NULL AS voided FROM payment WHERE key = :key
      """;

  private final JdbcClient database;
  private final Slots slots;

  PaymentService(JdbcClient database, Slots slots) {
    this.database = database;
    this.slots = slots;
  }

  /**
   * Charges a customer, or says what was charged under the key before.
   *
   * @param amount with two decimals, positive
   * @throws PaymentVoidedException if the key was voided
   */
  @Transactional
  public Payment charge(long customerId, String key, UUID orderId, BigDecimal amount) {
    database
        .sql(CHARGE)
        .param("key", key)
        .param("customerId", customerId)
        .param("slot", slots.of(customerId))
        .param("orderId", orderId)
        .param("amount", amount)
        .update();
    Payment payment = find(customerId, key).orElseThrow();
    if (payment.voided()) {
      throw new PaymentVoidedException(key);
    }
    return payment;
  }

  /** Gives back what was charged under a key, and lets nothing be charged under it any more. */
  @Transactional
  public void cancel(long customerId, String key, UUID orderId) {
    database
        .sql(VOID)
        .param("key", key)
        .param("customerId", customerId)
        .param("slot", slots.of(customerId))
        .param("orderId", orderId)
        .update();
  }

  /** What was done under a key. */
  @Transactional(readOnly = true)
  public Optional<Payment> find(long customerId, String key) {
    return database
        .sql(FIND)
        .param("key", key)
        .query(
            (row, number) ->
                new Payment(
                    row.getString("key"),
                    row.getObject("order_id", UUID.class),
                    row.getBigDecimal("amount"),
                    row.getBoolean("voided")))
        .optional();
  }
}
