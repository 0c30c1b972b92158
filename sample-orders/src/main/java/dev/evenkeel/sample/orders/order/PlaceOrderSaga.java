package dev.evenkeel.sample.orders.order;

import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.Command;
import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.OnTimeout;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaRef;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import dev.evenkeel.sample.orders.customer.CreditReserved;
import dev.evenkeel.sample.orders.customer.ReserveCredit;
import dev.evenkeel.sample.orders.customer.UseCredit;
import dev.evenkeel.sample.orders.service.OfOrders;
import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.sample.orders.stock.ReserveStock;
import dev.evenkeel.sample.orders.stock.ShipLine;
import dev.evenkeel.sample.orders.stock.StockReserved;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * From an order to its shipping. What concerns the order is done here; credit, stock and shipping
 * are participants, and the saga is the same whether they are in this process, each on its shard,
 * or in services of their own. Payments are an HTTP service that knows of no saga. Up to {@link
 * #confirm} everything can be undone; after it nothing is.
 *
 * <p>{@link #register} comes before all others, so that its compensation runs after all others: a
 * cancelled order holds nothing.
 */
@Component
@OfOrders
@Saga(
    name = PlaceOrderSaga.NAME,
    version = 2,
    key = "orderId",
    shardKey = "customerId",
    deadline = "PT30M")
class PlaceOrderSaga implements SagaFor<PlaceOrder> {

  static final String NAME = "place-order";

  /** What a cancelled order keeps of the reason. */
  private static final int LONGEST_REASON = 500;

  /** For some minutes: a service that is started again costs no order. */
  private static final int PAYMENT_ATTEMPTS = 100;

  private final Orders orders;
  private final PaymentClient payments;
  private final Slots slots;

  PlaceOrderSaga(Orders orders, PaymentClient payments, Slots slots) {
    this.orders = orders;
    this.payments = payments;
    this.slots = slots;
  }

  /** The saga of an order. */
  static SagaRef of(OrderView order) {
    return new SagaRef(NAME, order.orderId().toString(), String.valueOf(order.customerId()));
  }

  /** How HTTP and a compensation say why an order was cancelled. */
  static String reason(SagaFailure failure) {
    String reason = failure.reason() + ": " + failure.message();
    return reason.substring(0, Math.min(reason.length(), LONGEST_REASON));
  }

  /** The order is there already when it was taken over HTTP; who else starts the saga need not. */
  @SagaStep(
      after = {},
      compensation = "cancel")
  void register(PlaceOrder order) {
    orders.save(
        orders
            .findById(order.orderId())
            .orElseGet(() -> Order.take(order, slots.of(order.customerId()), null))
            .register());
  }

  void cancel(PlaceOrder order, SagaFailure failure) {
    orders.save(stored(order.orderId()).cancel(reason(failure)));
  }

  @SagaStep(after = "register", participant = "credit", compensation = SagaStep.DELEGATED)
  Command<CreditReserved> reserveCredit(PlaceOrder order) {
    return Command.of(new ReserveCredit(order.orderId(), order.customerId(), order.total()));
  }

  @SagaStep(
      after = "register",
      forEach = "lines",
      participant = "stock",
      compensation = SagaStep.DELEGATED)
  Command<StockReserved> reserveStock(PlaceOrder order, PlaceOrder.Line line) {
    return Command.of(
        new ReserveStock(order.orderId(), line.number(), line.sku(), line.quantity()));
  }

  /** So that the order says what it waits for; {@link #cancel} takes it back with the rest. */
  @SagaStep(
      after = {"reserveCredit", "reserveStock"},
      when = "needsApproval",
      compensation = SagaStep.NONE)
  void askApproval(PlaceOrder order) {
    orders.save(stored(order.orderId()).awaitApproval());
  }

  @AwaitEvent(
      after = "askApproval",
      when = "needsApproval",
      timeout = "PT20M",
      onTimeout = OnTimeout.COMPENSATE)
  void approval(PlaceOrder order, OrderApproved event) {}

  /** Over HTTP, to a service that takes part in no transaction: its key makes it happen once. */
  @SagaStep(
      after = "approval",
      external = true,
      compensation = "refund",
      retry = @Retry(maxAttempts = PAYMENT_ATTEMPTS, maxBackoff = "PT2S"))
  void charge(PlaceOrder order, IdempotencyKey key) {
    payments.charge(key, order);
  }

  /** Also where nobody knows whether the charge arrived. */
  void refund(PlaceOrder order, IdempotencyKey key) {
    payments.cancel(key, order);
  }

  @SagaStep(after = "charge", kind = StepKind.PIVOT)
  OrderConfirmed confirm(PlaceOrder order) {
    Order confirmed = stored(order.orderId()).confirm();
    orders.save(confirmed);
    return confirmed.confirmation();
  }

  @SagaStep(after = "confirm", kind = StepKind.RETRIABLE, participant = "credit")
  Command<Void> useCredit(PlaceOrder order, CreditReserved reserved) {
    return Command.of(new UseCredit(order.orderId(), order.customerId(), reserved));
  }

  /** Each line leaves from where its article lies. */
  @SagaStep(
      after = "confirm",
      kind = StepKind.RETRIABLE,
      forEach = "lines",
      participant = "shipping")
  Command<Void> ship(PlaceOrder order, PlaceOrder.Line line) {
    return Command.of(new ShipLine(order.orderId(), line.number(), line.sku(), line.quantity()));
  }

  @SagaStep(
      after = {"useCredit", "ship"},
      kind = StepKind.RETRIABLE)
  void markShipped(PlaceOrder order) {
    orders.save(stored(order.orderId()).markShipped());
  }

  private Order stored(UUID orderId) {
    return orders
        .findById(orderId)
        .orElseThrow(() -> new IllegalStateException("Order " + orderId + " was never registered"));
  }
}
