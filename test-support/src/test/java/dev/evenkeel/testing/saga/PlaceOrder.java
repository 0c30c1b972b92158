package dev.evenkeel.testing.saga;

import java.util.List;

/** An order, as the sample application has it. */
record PlaceOrder(
    String orderId, String customerId, int total, boolean needsApproval, List<Line> lines) {

  /** One article. */
  record Line(String sku, int quantity) {}

  /** Two lines, of the second of which only one piece is there. */
  static PlaceOrder example() {
    return new PlaceOrder(
        "order-1", "customer-1", 100, true, List.of(new Line("sku-a", 2), new Line("sku-b", 3)));
  }

  /** What is awaited. */
  record Approved(String by) {}

  /** A result. */
  record Reserved(int amount) {}

  /** A result of the pivot. */
  record Confirmed(String orderId) {}

  /** How credit and stock say no. */
  static final class Missing extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Missing(String what) {
      super("There is not enough of " + what);
    }
  }
}
