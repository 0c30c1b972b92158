package dev.evenkeel.sample.orders.customer;

import java.math.BigDecimal;

/** A customer has not enough credit left. Trying again changes nothing. */
public final class CreditRefused extends RuntimeException {

  private static final long serialVersionUID = 1L;

  CreditRefused(long customerId, BigDecimal available, BigDecimal needed) {
    super(
        "Customer %d has %s of credit available, and the order needs %s"
            .formatted(customerId, available, needed));
  }
}
