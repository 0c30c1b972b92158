package dev.evenkeel.sample.orders.order;

import jakarta.persistence.Column;
import jakarta.persistence.Embeddable;
import java.math.BigDecimal;

/**
 * One article of an order.
 *
 * @param unitPrice with two decimals
 */
@Embeddable
record OrderLine(
    @Column(nullable = false) String sku,
    @Column(nullable = false) int quantity,
    @Column(name = "unit_price", nullable = false, precision = 8, scale = 2) BigDecimal unitPrice) {

  BigDecimal amount() {
    return unitPrice.multiply(BigDecimal.valueOf(quantity));
  }
}
