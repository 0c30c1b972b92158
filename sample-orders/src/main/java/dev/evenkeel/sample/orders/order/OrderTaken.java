package dev.evenkeel.sample.orders.order;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;

/**
 * An order was taken, and its saga started. Stays inside this process: no outbox event.
 *
 * @param lines how many
 */
public record OrderTaken(
    UUID orderId,
    UUID sagaId,
    long customerId,
    BigDecimal total,
    int lines,
    boolean needsApproval,
    Instant placedAt) {}
