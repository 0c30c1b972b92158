package dev.evenkeel.testing.saga;

import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.testing.saga.PlaceOrder.Reserved;
import dev.evenkeel.testing.saga.Shop.Points;

/** Blocks points until the order is over. */
@SagaParticipant("loyalty")
class Loyalty {

  record BlockPoints(String customerId, int points) {}

  private final Shop shop;

  Loyalty(Shop shop) {
    this.shop = shop;
  }

  @CommandHandler(
      shardKey = "customerId",
      compensation = "unblock",
      refusals = PlaceOrder.Missing.class)
  Reserved on(BlockPoints command) {
    add(command.customerId(), command.points());
    return new Reserved(command.points());
  }

  void unblock(BlockPoints command, Reserved reserved) {
    add(command.customerId(), -reserved.amount());
  }

  private void add(String customerId, int points) {
    shop.points.save(new Points(customerId, shop.points.get(customerId).blocked() + points));
  }
}
