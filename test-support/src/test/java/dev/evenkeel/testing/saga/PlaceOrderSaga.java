package dev.evenkeel.testing.saga;

import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.Command;
import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.OnTimeout;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import dev.evenkeel.testing.saga.PlaceOrder.Approved;
import dev.evenkeel.testing.saga.PlaceOrder.Confirmed;
import dev.evenkeel.testing.saga.PlaceOrder.Line;
import dev.evenkeel.testing.saga.PlaceOrder.Missing;
import dev.evenkeel.testing.saga.PlaceOrder.Reserved;
import dev.evenkeel.testing.saga.Shop.Credit;
import dev.evenkeel.testing.saga.Shop.Lock;
import dev.evenkeel.testing.saga.Shop.Order;
import dev.evenkeel.testing.saga.Shop.Stock;
import java.util.List;

/**
 * The shape of the sample's saga, with a payment over HTTP, points that another service blocks, and
 * a shipping that a participant does.
 */
@Saga(
    name = "place-order",
    version = 1,
    key = "orderId",
    shardKey = "customerId",
    deadline = "PT30M")
class PlaceOrderSaga implements SagaFor<PlaceOrder> {

  final Shop shop;

  PlaceOrderSaga(Shop shop) {
    this.shop = shop;
  }

  @SagaStep(
      after = {},
      compensation = "cancel")
  void register(PlaceOrder order) {
    shop.orders.save(new Order(order.orderId(), order.customerId(), "PENDING"));
  }

  void cancel(PlaceOrder order, SagaFailure failure) {
    shop.orders.save(
        new Order(order.orderId(), order.customerId(), "CANCELLED: " + failure.reason()));
  }

  @SagaStep(
      after = "register",
      shardKey = "customerId",
      compensation = "releaseCredit",
      retry = @Retry(noRetryFor = Missing.class))
  Reserved reserveCredit(PlaceOrder order) {
    Credit credit = shop.credit.get(order.customerId());
    if (credit.free() < order.total()) {
      throw new Missing("credit");
    }
    shop.locks.save(new Lock("credit of " + order.customerId(), order.customerId()));
    shop.credit.save(
        new Credit(
            credit.customerId(),
            credit.free() - order.total(),
            credit.reserved() + order.total(),
            credit.used()));
    return new Reserved(order.total());
  }

  void releaseCredit(PlaceOrder order, @dev.evenkeel.saga.ResultOf("reserveCredit") Reserved own) {
    Credit credit = shop.credit.get(order.customerId());
    shop.credit.save(
        new Credit(
            credit.customerId(),
            credit.free() + own.amount(),
            credit.reserved() - own.amount(),
            credit.used()));
    unlock(order);
  }

  void unlock(PlaceOrder order) {
    shop.locks.delete("credit of " + order.customerId());
  }

  /** Takes what is there. */
  @SagaStep(
      after = "register",
      forEach = "lines",
      shardKey = "sku",
      compensation = "releaseStock",
      retry = @Retry(noRetryFor = Missing.class))
  Reserved reserveStock(PlaceOrder order, Line line) {
    Stock stock = shop.stock.get(line.sku());
    int pieces = Math.min(stock.free(), line.quantity());
    if (pieces == 0) {
      throw new Missing(line.sku());
    }
    shop.stock.save(
        new Stock(stock.sku(), stock.free() - pieces, stock.reserved() + pieces, stock.shipped()));
    return new Reserved(pieces);
  }

  void releaseStock(Line line, @dev.evenkeel.saga.ResultOf("reserveStock") Reserved own) {
    release(line, own.amount());
  }

  void release(Line line, int pieces) {
    Stock stock = shop.stock.get(line.sku());
    shop.stock.save(
        new Stock(stock.sku(), stock.free() + pieces, stock.reserved() - pieces, stock.shipped()));
  }

  @SagaStep(after = "register", external = true, compensation = "payBack")
  Reserved pay(PlaceOrder order, IdempotencyKey key) {
    shop.payments.take(key.value(), order.total());
    return new Reserved(order.total());
  }

  void payBack(PlaceOrder order, IdempotencyKey key) {
    shop.payments.cancel(key.value());
  }

  @SagaStep(after = "register", participant = "loyalty", compensation = SagaStep.DELEGATED)
  Command<Reserved> blockPoints(PlaceOrder order) {
    return Command.of(new Loyalty.BlockPoints(order.customerId(), order.total() / 10));
  }

  @AwaitEvent(
      after = {"reserveCredit", "reserveStock", "pay", "blockPoints"},
      when = "needsApproval",
      timeout = "PT20M",
      onTimeout = OnTimeout.COMPENSATE)
  void approval(PlaceOrder order, Approved event) {}

  @SagaStep(after = "approval", kind = StepKind.PIVOT, shardKey = "customerId")
  Confirmed confirm(
      PlaceOrder order, @dev.evenkeel.saga.ResultOf("reserveCredit") Reserved reserved) {
    Credit credit = shop.credit.get(order.customerId());
    shop.credit.save(
        new Credit(
            credit.customerId(),
            credit.free(),
            credit.reserved() - reserved.amount(),
            credit.used() + reserved.amount()));
    unlock(order);
    shop.orders.save(new Order(order.orderId(), order.customerId(), "CONFIRMED"));
    return new Confirmed(order.orderId());
  }

  @SagaStep(
      after = "confirm",
      kind = StepKind.RETRIABLE,
      forEach = "lines",
      participant = "shipping")
  Command<Void> ship(
      PlaceOrder order,
      Line line,
      @dev.evenkeel.saga.ResultOf("reserveStock") List<Reserved> pieces) {
    return Command.of(
        new Shipping.ShipLine(line.sku(), pieces.get(order.lines().indexOf(line)).amount()));
  }

  @SagaStep(after = "ship", kind = StepKind.RETRIABLE)
  void markShipped(PlaceOrder order) {
    shop.orders.save(new Order(order.orderId(), order.customerId(), "SHIPPED"));
  }
}
