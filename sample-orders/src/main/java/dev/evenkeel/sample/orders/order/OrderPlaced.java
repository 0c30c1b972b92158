package dev.evenkeel.sample.orders.order;

import dev.evenkeel.outbox.OutboxEvent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;

/**
 * An order was placed.
 *
 * @param total with two decimals
 */
@OutboxEvent(type = OrderPlaced.TYPE, aggregateType = "order", key = "orderId")
public record OrderPlaced(UUID orderId, long customerId, BigDecimal total, Instant placedAt) {

  /** The logical type on the wire. */
  public static final String TYPE = "order-placed";
}
