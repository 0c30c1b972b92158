package dev.evenkeel.sample.orders.order;

import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.OnTimeout;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaRef;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import dev.evenkeel.sample.orders.customer.CreditRefused;
import dev.evenkeel.sample.orders.customer.CreditReserved;
import dev.evenkeel.sample.orders.customer.CreditService;
import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.sample.orders.stock.StockMissing;
import dev.evenkeel.sample.orders.stock.StockReserved;
import dev.evenkeel.sample.orders.stock.StockService;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * From an order to its shipping, over the shards of its customer and of its articles. Up to {@link
 * #confirm} everything can be undone; after it nothing is.
 *
 * <p>{@link #register} comes before all others, so that its compensation runs after all others: a
 * cancelled order holds nothing.
 */
@Component
@Saga(
    name = PlaceOrderSaga.NAME,
    version = 1,
    key = "orderId",
    shardKey = "customerId",
    deadline = "PT30M")
class PlaceOrderSaga implements SagaFor<PlaceOrder> {

  static final String NAME = "place-order";

  /** What a cancelled order keeps of the reason. */
  private static final int LONGEST_REASON = 500;

  private final Orders orders;
  private final CreditService credit;
  private final StockService stock;
  private final Slots slots;

  PlaceOrderSaga(Orders orders, CreditService credit, StockService stock, Slots slots) {
    this.orders = orders;
    this.credit = credit;
    this.stock = stock;
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

  @SagaStep(
      after = "register",
      shardKey = "customerId",
      compensation = "releaseCredit",
      retry = @Retry(noRetryFor = CreditRefused.class))
  CreditReserved reserveCredit(PlaceOrder order) {
    return credit.reserve(order.customerId(), order.orderId(), order.total());
  }

  void releaseCredit(PlaceOrder order, CreditReserved reserved) {
    credit.release(order.customerId(), order.orderId(), reserved);
  }

  @SagaStep(
      after = "register",
      forEach = "lines",
      shardKey = "sku",
      compensation = "releaseStock",
      retry = @Retry(noRetryFor = StockMissing.class))
  StockReserved reserveStock(PlaceOrder order, PlaceOrder.Line line) {
    return stock.reserve(line.sku(), order.orderId(), line.number(), line.quantity());
  }

  void releaseStock(PlaceOrder order, PlaceOrder.Line line, StockReserved reserved) {
    stock.release(line.sku(), order.orderId(), line.number(), reserved);
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

  @SagaStep(after = "approval", kind = StepKind.PIVOT, shardKey = "customerId")
  OrderConfirmed confirm(PlaceOrder order, CreditReserved reserved, List<StockReserved> pieces) {
    credit.use(order.customerId(), order.orderId(), reserved);
    Order confirmed = stored(order.orderId()).confirm();
    orders.save(confirmed);
    return confirmed.confirmation();
  }

  /** Each line leaves from where its article lies. */
  @SagaStep(after = "confirm", kind = StepKind.RETRIABLE, forEach = "lines", shardKey = "sku")
  void ship(PlaceOrder order, PlaceOrder.Line line) {
    stock.ship(line.sku(), order.orderId(), line.number(), line.quantity());
  }

  @SagaStep(after = "ship", kind = StepKind.RETRIABLE)
  void markShipped(PlaceOrder order) {
    orders.save(stored(order.orderId()).markShipped());
  }

  private Order stored(UUID orderId) {
    return orders
        .findById(orderId)
        .orElseThrow(() -> new IllegalStateException("Order " + orderId + " was never registered"));
  }
}
