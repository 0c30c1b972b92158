package dev.evenkeel.sample.orders.stock;

/** There is not enough of an article. Trying again changes nothing. */
public final class StockMissing extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StockMissing(String sku, long available, int needed) {
    super("%d of %s are available, and the order needs %d".formatted(available, sku, needed));
  }
}
