package dev.evenkeel.sample.orders.payment;

import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.math.BigDecimal;
import java.util.UUID;

/**
 * The body of {@code PUT /customers/{customerId}/payments/{key}}.
 *
 * @param amount decimal text above 0, two decimals at most
 */
record PaymentRequest(
    @NotNull UUID orderId,
    @NotNull
        @Pattern(
            regexp = "(?=.*[1-9])[0-9]{1,12}(\\.[0-9]{1,2})?",
            message = "must be a decimal above 0 such as \"100.00\", two decimals at most")
        String amount) {

  /** With two decimals. Call it on a validated body only. */
  BigDecimal money() {
    return new BigDecimal(amount).setScale(2);
  }
}
