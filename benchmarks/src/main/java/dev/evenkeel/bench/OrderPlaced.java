package dev.evenkeel.bench;

import dev.evenkeel.outbox.OutboxEvent;

/** The event of every benchmark, some 200 bytes as JSON. */
@OutboxEvent(type = "order-placed", aggregateType = "order", key = "orderId")
record OrderPlaced(long orderId, String customer, long cents, String remark) {

  static final String REMARK =
      "Leave the parcel with the neighbour on the left, ring twice, and mind the dog that sleeps"
          + " behind the gate, he is old.";

  static OrderPlaced of(long order) {
    return of(order, REMARK);
  }

  static OrderPlaced of(long order, String remark) {
    return new OrderPlaced(order, customerOf(order), centsOf(order), remark);
  }

  static String customerOf(long order) {
    return "customer-" + order % 10_000;
  }

  static long centsOf(long order) {
    return 1_000 + order % 100_000;
  }
}
