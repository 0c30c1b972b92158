package dev.evenkeel.sample.orders.order;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * The command that starts {@link PlaceOrderSaga}. All that its steps need to know, so that nothing
 * they do depends on when they run.
 *
 * @param orderId carries the customer's slot
 * @param needsApproval whether somebody has to approve it; decided now, and for good
 */
public record PlaceOrder(
    UUID orderId, long customerId, boolean needsApproval, Instant placedAt, List<Line> lines) {

  public PlaceOrder {
    lines = List.copyOf(lines);
  }

  /**
   * One article.
   *
   * @param number from 0; two lines may name one article
   * @param unitPrice with two decimals
   */
  public record Line(int number, String sku, int quantity, BigDecimal unitPrice) {

    BigDecimal amount() {
      return unitPrice.multiply(BigDecimal.valueOf(quantity));
    }
  }

  /** Sum of the lines, with two decimals. */
  BigDecimal total() {
    return totalOf(lines);
  }

  static BigDecimal totalOf(List<Line> lines) {
    return lines.stream().map(Line::amount).reduce(BigDecimal.ZERO, BigDecimal::add);
  }
}
