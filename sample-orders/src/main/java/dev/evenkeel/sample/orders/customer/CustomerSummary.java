package dev.evenkeel.sample.orders.customer;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.math.BigDecimal;

/** How much one customer has ordered. Written by one SQL statement only, read through JPA. */
@Entity
@Table(name = "customer_summary")
class CustomerSummary {

  @Id
  @Column(name = "customer_id")
  private long customerId;

  @Column(name = "order_count", nullable = false)
  private long orderCount;

  @Column(nullable = false, precision = 20, scale = 2)
  private BigDecimal total;

  /** For Hibernate. */
  @SuppressWarnings("NullAway.Init")
  protected CustomerSummary() {}

  long orderCount() {
    return orderCount;
  }

  BigDecimal total() {
    return total;
  }
}
