package dev.evenkeel.sample.orders.order;

import jakarta.persistence.Column;
import jakarta.persistence.Embeddable;
import java.math.BigDecimal;

/**
 * One article of an order.
 *
 * @param unitPrice with two decimals
 * @param slot the order's
 */
@Embeddable
record OrderLine(
    @Column(nullable = false) String sku,
    @Column(nullable = false) int quantity,
    @Column(name = "unit_price", nullable = false, precision = 8, scale = 2) BigDecimal unitPrice,
    @Column(nullable = false) short slot) {}
