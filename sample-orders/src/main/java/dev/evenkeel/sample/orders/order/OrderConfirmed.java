package dev.evenkeel.sample.orders.order;

import dev.evenkeel.outbox.OutboxEvent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;

/**
 * An order was confirmed: it will be shipped.
 *
 * @param total with two decimals
 */
@OutboxEvent(type = OrderConfirmed.TYPE, aggregateType = "order", key = "orderId")
public record OrderConfirmed(UUID orderId, long customerId, BigDecimal total, Instant confirmedAt) {

  /** The logical type on the wire. */
  public static final String TYPE = "order-confirmed";
}
