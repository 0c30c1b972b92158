package dev.evenkeel.sample.orders.order;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An order as HTTP shows it: ids as strings, money as decimal strings.
 *
 * @param sagaId left out when the order was not taken over HTTP
 * @param reason why it was cancelled; left out otherwise
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record OrderView(
    UUID orderId,
    @Nullable UUID sagaId,
    long customerId,
    OrderStatus status,
    @Nullable String reason,
    String total,
    Instant placedAt,
    List<Line> lines) {

  /** One article. */
  record Line(String sku, int quantity, String unitPrice) {}

  static OrderView of(Order order) {
    return new OrderView(
        order.id(),
        order.sagaId(),
        order.customerId(),
        order.status(),
        order.reason(),
        order.total().toPlainString(),
        order.placedAt(),
        order.lines().stream()
            .map(l -> new Line(l.sku(), l.quantity(), l.unitPrice().toPlainString()))
            .toList());
  }

  /** An order that was taken just now: the same whenever the request is repeated. */
  static OrderView taken(PlaceOrder order, UUID sagaId) {
    return new OrderView(
        order.orderId(),
        sagaId,
        order.customerId(),
        OrderStatus.PENDING,
        null,
        order.total().toPlainString(),
        order.placedAt(),
        order.lines().stream()
            .map(l -> new Line(l.sku(), l.quantity(), l.unitPrice().toPlainString()))
            .toList());
  }

  /** The same order as one that was turned back before anything was done for it. */
  OrderView cancelled(String why) {
    return new OrderView(
        orderId, sagaId, customerId, OrderStatus.CANCELLED, why, total, placedAt, lines);
  }
}
