package dev.evenkeel.sample.orders.live;

import dev.evenkeel.sample.orders.order.OrderPlaced;
import java.util.UUID;

/**
 * What the page shows of an order beside its stations.
 *
 * @param total decimal text
 * @param placedAt microseconds since 1970
 */
record PlacedOrder(UUID orderId, long customerId, String total, long placedAt) {

  static PlacedOrder of(OrderPlaced event) {
    return new PlacedOrder(
        event.orderId(),
        event.customerId(),
        event.total().toPlainString(),
        Station.micros(event.placedAt()));
  }
}
