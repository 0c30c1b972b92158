package dev.evenkeel.sample.orders.live;

import dev.evenkeel.sample.orders.order.OrderTaken;
import java.util.UUID;

/**
 * What the page shows of an order beside what happens to it.
 *
 * @param total decimal text
 * @param lines how many
 * @param shard where it lies
 * @param placedAt microseconds since 1970
 */
record TakenOrder(
    UUID orderId,
    UUID sagaId,
    long customerId,
    String total,
    int lines,
    boolean needsApproval,
    String shard,
    long placedAt) {

  static TakenOrder of(OrderTaken event, String shard) {
    return new TakenOrder(
        event.orderId(),
        event.sagaId(),
        event.customerId(),
        event.total().toPlainString(),
        event.lines(),
        event.needsApproval(),
        shard,
        Station.micros(event.placedAt()));
  }
}
