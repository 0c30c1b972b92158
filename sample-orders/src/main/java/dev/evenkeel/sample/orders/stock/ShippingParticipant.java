package dev.evenkeel.sample.orders.stock;

import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.sample.orders.service.OfWarehouses;
import org.springframework.stereotype.Component;

/** Sends off what was ordered, each line from where its article lies. */
@Component
@OfWarehouses
@SagaParticipant("shipping")
class ShippingParticipant {

  private final StockService stock;

  ShippingParticipant(StockService stock) {
    this.stock = stock;
  }

  @CommandHandler(shardKey = "sku")
  void ship(ShipLine command) {
    stock.ship(command.sku(), command.orderId(), command.line(), command.quantity());
  }
}
