package dev.evenkeel.sample.orders.order;

import dev.evenkeel.outbox.OutboxEvent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;

/**
 * An order was placed, before there were sagas. Nobody publishes it any more; what an earlier
 * version of the application published is still handled.
 *
 * @param total with two decimals
 */
@OutboxEvent(type = "order-placed", aggregateType = "order", key = "orderId")
public record OrderPlaced(UUID orderId, long customerId, BigDecimal total, Instant placedAt) {}
