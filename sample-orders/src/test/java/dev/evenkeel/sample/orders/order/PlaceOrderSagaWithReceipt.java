package dev.evenkeel.sample.orders.order;

import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import dev.evenkeel.sample.orders.shard.Slots;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The next version of the saga: in the end it writes a receipt. Beside the present one, in
 * processes that are told to have it.
 */
@Saga(
    name = PlaceOrderSaga.NAME,
    version = PlaceOrderSagaWithReceipt.VERSION,
    key = "orderId",
    shardKey = "customerId",
    deadline = "PT30M")
public class PlaceOrderSagaWithReceipt extends PlaceOrderSaga {

  /** Newer than the present one. */
  public static final int VERSION = 3;

  private final JdbcClient database;

  PlaceOrderSagaWithReceipt(
      Orders orders, PaymentClient payments, Slots slots, JdbcClient database) {
    super(orders, payments, slots);
    this.database = database;
  }

  @SagaStep(after = "markShipped", kind = StepKind.RETRIABLE)
  void writeReceipt(PlaceOrder order) {
    database
        .sql("INSERT INTO prove.receipt (order_id) VALUES (:order)")
        .param("order", order.orderId())
        .update();
  }
}
