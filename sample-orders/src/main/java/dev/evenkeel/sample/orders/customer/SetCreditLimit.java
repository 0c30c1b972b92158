package dev.evenkeel.sample.orders.customer;

import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.math.BigDecimal;

/**
 * The body of {@code PUT /customers/{customerId}}.
 *
 * @param creditLimit decimal text from 0 to 999999999.99, two decimals at most
 */
record SetCreditLimit(
    @NotNull
        @Pattern(
            regexp = "[0-9]{1,9}(\\.[0-9]{1,2})?",
            message =
                "must be a decimal such as \"100.00\", at most 999999999.99, two decimals at most")
        String creditLimit) {

  /** With two decimals. Call it on a validated body only. */
  BigDecimal amount() {
    return new BigDecimal(creditLimit).setScale(2);
  }
}
