package dev.evenkeel.sample.orders.customer;

import java.math.BigDecimal;

/**
 * What was set aside for an order.
 *
 * @param amount with two decimals
 */
public record CreditReserved(BigDecimal amount) {}
