package dev.evenkeel.sample.orders.order;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** An order as HTTP shows it: ids as strings, money as decimal strings. */
record OrderView(
    UUID orderId,
    long customerId,
    OrderStatus status,
    String total,
    Instant placedAt,
    List<Line> lines) {

  /** One article. */
  record Line(String sku, int quantity, String unitPrice) {}

  static OrderView of(Order order) {
    return new OrderView(
        order.id(),
        order.customerId(),
        order.status(),
        order.total().toPlainString(),
        order.placedAt(),
        order.lines().stream()
            .map(l -> new Line(l.sku(), l.quantity(), l.unitPrice().toPlainString()))
            .toList());
  }
}
