package dev.evenkeel.sample.orders.customer;

import java.util.UUID;

/** Asks for what was set aside for an order to be spent. */
public record UseCredit(UUID orderId, long customerId, CreditReserved reserved) {}
