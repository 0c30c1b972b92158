package dev.evenkeel.sample.orders.live;

import dev.evenkeel.sample.orders.order.OrderPlaced;
import java.util.UUID;

/**
 * What the page shows of an order beside its stations.
 *
 * @param total decimal text
 * @param shard where it lies
 * @param placedAt microseconds since 1970
 */
record PlacedOrder(UUID orderId, long customerId, String total, String shard, long placedAt) {

  static PlacedOrder of(OrderPlaced event, String shard) {
    return new PlacedOrder(
        event.orderId(),
        event.customerId(),
        event.total().toPlainString(),
        shard,
        Station.micros(event.placedAt()));
  }
}
