package dev.evenkeel.sample.orders.order;

import jakarta.persistence.Column;
import jakarta.persistence.Embeddable;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import java.time.Instant;

/**
 * One thing that an order's saga did to the order.
 *
 * @param slot the order's
 */
@Embeddable
record OrderChange(
    @Enumerated(EnumType.STRING) @Column(nullable = false) OrderStatus status,
    @Column(name = "changed_at", nullable = false) Instant changedAt,
    @Column(nullable = false) short slot) {}
