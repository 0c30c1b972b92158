package dev.evenkeel.sample.orders.customer;

import java.math.BigDecimal;

/** What a customer may spend, all with two decimals. */
public record CreditBalance(BigDecimal creditLimit, BigDecimal reserved, BigDecimal used) {

  /** Negative when the limit was lowered below what is spent. */
  public BigDecimal available() {
    return creditLimit.subtract(reserved).subtract(used);
  }
}
