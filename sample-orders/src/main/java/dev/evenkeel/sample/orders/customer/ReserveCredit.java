package dev.evenkeel.sample.orders.customer;

import java.math.BigDecimal;
import java.util.UUID;

/**
 * Asks for credit to be set aside for an order; answered with {@link CreditReserved}.
 *
 * @param amount with two decimals, positive
 */
public record ReserveCredit(UUID orderId, long customerId, BigDecimal amount) {}
