package dev.evenkeel.sample.orders.stock;

import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.sample.orders.service.OfWarehouses;
import org.springframework.stereotype.Component;

/**
 * What sagas may ask of the stock, from wherever they run. Each command is one transaction on the
 * article's shard.
 */
@Component
@OfWarehouses
@SagaParticipant("stock")
class StockParticipant {

  private final StockService stock;

  StockParticipant(StockService stock) {
    this.stock = stock;
  }

  @CommandHandler(shardKey = "sku", compensation = "release", refusals = StockMissing.class)
  StockReserved reserve(ReserveStock command) {
    return stock.reserve(command.sku(), command.orderId(), command.line(), command.quantity());
  }

  void release(ReserveStock command, StockReserved reserved) {
    stock.release(command.sku(), command.orderId(), command.line(), reserved);
  }
}
