package dev.evenkeel.sample.orders.order;

import java.util.UUID;

/** Somebody said yes to an order. A signal for its saga, no outbox event. */
record OrderApproved(UUID orderId) {}
