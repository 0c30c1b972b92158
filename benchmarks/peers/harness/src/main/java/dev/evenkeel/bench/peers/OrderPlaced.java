package dev.evenkeel.bench.peers;

import java.util.List;
import java.util.stream.LongStream;

/** The event, as every benchmark has it: some 200 bytes as JSON. */
public record OrderPlaced(long orderId, String customer, long cents, String remark) {

  private static final String REMARK =
      "Leave the parcel with the neighbour on the left, ring twice, and mind the dog that sleeps"
          + " behind the gate, he is old.";

  static OrderPlaced of(long order) {
    return new OrderPlaced(order, "customer-" + order % 10_000, 1_000 + order % 100_000, REMARK);
  }

  /** Consecutive orders. */
  static List<OrderPlaced> of(long first, int count) {
    return count == 1
        ? List.of(of(first))
        : LongStream.range(first, first + count).mapToObj(OrderPlaced::of).toList();
  }
}
