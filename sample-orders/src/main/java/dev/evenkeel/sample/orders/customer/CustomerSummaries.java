package dev.evenkeel.sample.orders.customer;

import java.math.BigDecimal;
import java.util.Optional;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.NativeQuery;
import org.springframework.data.repository.Repository;

/** The stored summaries. */
interface CustomerSummaries extends Repository<CustomerSummary, Long> {

  Optional<CustomerSummary> findById(long customerId);

  /** One statement: events of one customer may be handled at the same moment. */
  @Modifying
  @NativeQuery(
      """
      INSERT INTO customer_summary AS s (customer_id, slot, order_count, total)
      VALUES (:customerId, :slot, 1, :total)
      ON CONFLICT (customer_id) DO UPDATE
         SET order_count = s.order_count + 1,
             total = s.total + excluded.total
      """)
  void count(long customerId, int slot, BigDecimal total);
}
