package dev.evenkeel.testing.saga;

import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.testing.saga.Shop.Stock;

/** Sends what was reserved. */
@SagaParticipant("shipping")
class Shipping {

  record ShipLine(String sku, int pieces) {}

  final Shop shop;

  Shipping(Shop shop) {
    this.shop = shop;
  }

  @CommandHandler(shardKey = "sku")
  void on(ShipLine command) {
    Stock stock = shop.stock.get(command.sku());
    shop.stock.save(
        new Stock(
            stock.sku(),
            stock.free(),
            stock.reserved() - command.pieces(),
            stock.shipped() + command.pieces()));
  }
}
