package dev.evenkeel.sample.orders.order;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An order's status changed. Stays inside this process: no outbox event.
 *
 * @param reason of a cancelled one
 */
public record OrderMoved(
    UUID orderId, long customerId, OrderStatus status, @Nullable String reason) {}
