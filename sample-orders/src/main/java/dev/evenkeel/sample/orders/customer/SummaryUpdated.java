package dev.evenkeel.sample.orders.customer;

import java.util.UUID;

/** An order was counted. Stays inside this process: no outbox event. */
public record SummaryUpdated(UUID orderId, long customerId) {}
