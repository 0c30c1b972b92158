package dev.evenkeel.sample.orders.stock;

import dev.evenkeel.sample.orders.service.OfWarehouses;
import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.shard.Sharded;
import java.util.UUID;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** The stock of articles, each call one transaction on the article's shard. */
@Service
@OfWarehouses
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

  /**
   * Sets pieces aside for one line of an order.
   *
   * @param lineNumber of the order, from 0; two lines may name one article
   * @throws StockMissing if less is available
   */
  @Transactional
  public StockReserved reserve(String sku, UUID orderId, int lineNumber, int quantity) {
    if (!stock.reserve(sku, slots.of(sku), quantity, orderId, lineNumber)) {
      throw new StockMissing(sku, level(sku).available(), quantity);
    }
    return new StockReserved(sku, quantity);
  }

  /** Puts back what was set aside for one line of an order. */
  @Transactional
  public void release(String sku, UUID orderId, int lineNumber, StockReserved reserved) {
    if (!stock.release(sku, slots.of(sku), reserved.quantity(), orderId, lineNumber)) {
      throw notThere(sku, orderId, lineNumber, reserved.quantity());
    }
  }

  /**
   * Sends off what was set aside for one line of an order.
   *
   * @throws IllegalStateException if less is on hand by now; a higher level lets it go on
   */
  @Transactional
  public void ship(String sku, UUID orderId, int lineNumber, int quantity) {
    if (!stock.ship(sku, slots.of(sku), quantity, orderId, lineNumber)) {
      throw notThere(sku, orderId, lineNumber, quantity);
    }
  }

  private IllegalStateException notThere(String sku, UUID orderId, int lineNumber, int quantity) {
    StockLevel level = level(sku);
    return new IllegalStateException(
        "Line %d of order %s holds %d of %s, of which %d are on hand and %d reserved; set a higher level"
            .formatted(lineNumber, orderId, quantity, sku, level.onHand(), level.reserved()));
  }
}
