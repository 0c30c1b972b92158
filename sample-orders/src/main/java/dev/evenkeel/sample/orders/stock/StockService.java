package dev.evenkeel.sample.orders.stock;

import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.shard.Sharded;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** The stock of articles, each call one transaction on the article's shard. */
@Service
@Sharded(key = "sku")
public class StockService {

  private final StockTable stock;
  private final Slots slots;

  StockService(StockTable stock, Slots slots) {
    this.stock = stock;
    this.slots = slots;
  }

  /**
   * Makes an article known; one that is known stays as it is.
   *
   * @param onHand pieces, not negative
   */
  @Transactional
  public void introduce(String sku, long onHand) {
    stock.introduce(sku, slots.of(sku), onHand);
  }

  /** The level; of what was never stocked there is nothing. */
  @Transactional(readOnly = true)
  public StockLevel level(String sku) {
    return stock.find(sku).orElse(StockLevel.NOTHING);
  }

  /**
   * Says how much there is.
   *
   * @param onHand pieces, not negative; it may be less than is reserved
   */
  @Transactional
  public StockLevel set(String sku, long onHand) {
    stock.set(sku, slots.of(sku), onHand);
    return level(sku);
  }
}
