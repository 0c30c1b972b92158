package dev.evenkeel.sample.orders.stock;

/**
 * How much of one article there is.
 *
 * @param onHand pieces in the warehouse
 * @param reserved of those, pieces that orders on their way hold
 */
public record StockLevel(long onHand, long reserved) {

  /** Of what was never stocked. */
  static final StockLevel NOTHING = new StockLevel(0, 0);

  /** Negative when less is on hand than was promised. */
  public long available() {
    return onHand - reserved;
  }
}
