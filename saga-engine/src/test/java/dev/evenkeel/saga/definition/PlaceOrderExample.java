package dev.evenkeel.saga.definition;

import static dev.evenkeel.saga.OnTimeout.COMPENSATE;
import static dev.evenkeel.saga.StepKind.PIVOT;
import static dev.evenkeel.saga.StepKind.RETRIABLE;

import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import java.time.Duration;
import java.util.List;

/** The order of the docs, once by annotations and once by the builder. */
final class PlaceOrderExample {

  private PlaceOrderExample() {}

  record Line(String sku, int quantity) {}

  record PlaceOrder(String orderId, long customerId, List<Line> lines, boolean needsApproval) {}

  record CreditReserved(String id) {}

  record StockReserved(String sku, int quantity) {}

  @OutboxEvent(type = "order-approved", aggregateType = "order", key = "orderId")
  record OrderApproved(String orderId, String by) {}

  record OrderConfirmed(String number) {}

  record Shipped(String sku) {}

  static final class CreditRefused extends Exception {
    private static final long serialVersionUID = 1L;
  }

  @Saga(
      name = "place-order",
      version = 1,
      key = "orderId",
      shardKey = "customerId",
      deadline = "PT30M")
  static class PlaceOrderSaga implements SagaFor<PlaceOrder> {

    @SagaStep(
        after = {},
        shardKey = "customerId",
        compensation = "releaseCredit",
        retry = @Retry(maxAttempts = 7, backoff = "PT0.1S", noRetryFor = CreditRefused.class))
    CreditReserved reserveCredit(PlaceOrder order) throws CreditRefused {
      if (order.customerId() == 0) {
        throw new CreditRefused();
      }
      return new CreditReserved("credit of " + order.orderId());
    }

    void releaseCredit(PlaceOrder order, CreditReserved reserved) {}

    @SagaStep(
        after = {},
        forEach = "lines",
        shardKey = "sku",
        compensation = "releaseStock")
    StockReserved reserveStock(PlaceOrder order, Line line) {
      return new StockReserved(line.sku(), line.quantity());
    }

    void releaseStock(PlaceOrder order, Line line, StockReserved reserved) {}

    @AwaitEvent(
        after = {"reserveCredit", "reserveStock"},
        when = "needsApproval",
        timeout = "PT20M",
        onTimeout = COMPENSATE)
    void approval(PlaceOrder order, OrderApproved event) {}

    @SagaStep(after = "approval", kind = PIVOT, shardKey = "customerId")
    OrderConfirmed confirm(PlaceOrder order, CreditReserved credit, List<StockReserved> stock) {
      return new OrderConfirmed(credit.id() + " " + stock);
    }

    @SagaStep(after = "confirm", kind = RETRIABLE, forEach = "lines", shardKey = "sku")
    Shipped ship(Line line, OrderConfirmed confirmed) {
      return new Shipped(line.sku());
    }
  }

  static SagaBuilder<PlaceOrder> builder() {
    return SagaBuilder.saga("place-order", 1, PlaceOrder.class)
        .key("orderId")
        .shardKey("customerId")
        .deadline(Duration.ofMinutes(30))
        .step(
            "reserveCredit",
            s ->
                s.after()
                    .shardKey("customerId")
                    .returns(CreditReserved.class)
                    .run(context -> new CreditReserved("credit of " + context.command().orderId()))
                    .compensation(context -> {})
                    .retry(
                        new RetryPolicy(
                            7,
                            Duration.ofMillis(100),
                            Duration.ofMinutes(1),
                            List.of(CreditRefused.class))))
        .step(
            "reserveStock",
            s ->
                s.after()
                    .forEach("lines")
                    .shardKey("sku")
                    .returns(StockReserved.class)
                    .run(context -> new StockReserved(context.item(Line.class).sku(), 1))
                    .compensation(context -> {}))
        .await(
            "approval",
            OrderApproved.class,
            a ->
                a.after("reserveCredit", "reserveStock")
                    .when("needsApproval")
                    .timeout(Duration.ofMinutes(20))
                    .onTimeout(COMPENSATE))
        .step(
            "confirm",
            s ->
                s.after("approval")
                    .kind(PIVOT)
                    .shardKey("customerId")
                    .returns(OrderConfirmed.class)
                    .run(context -> new OrderConfirmed("1")))
        .step(
            "ship",
            s ->
                s.after("confirm")
                    .kind(RETRIABLE)
                    .forEach("lines")
                    .shardKey("sku")
                    .returns(Shipped.class)
                    .run(context -> new Shipped(context.item(Line.class).sku())));
  }
}
