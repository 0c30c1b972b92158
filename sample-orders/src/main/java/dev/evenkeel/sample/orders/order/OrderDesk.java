package dev.evenkeel.sample.orders.order;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStateException;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.UnknownSagaException;
import dev.evenkeel.sample.orders.order.IdempotencyKeys.Reservation;
import dev.evenkeel.sample.orders.service.OfOrders;
import dev.evenkeel.shard.id.SlotIds;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * What can be asked of orders. Runs outside transactions: it joins what lies on several shards, or
 * what the order says with what its saga says.
 */
@Component
@OfOrders
class OrderDesk {

  private final OrderService orders;
  private final IdempotencyKeys keys;
  private final Sagas sagas;
  private final BigDecimal approvalAbove;

  OrderDesk(
      OrderService orders,
      IdempotencyKeys keys,
      Sagas sagas,
      @Value("${orders.approval-above}") BigDecimal approvalAbove) {
    this.orders = orders;
    this.keys = keys;
    this.sagas = sagas;
    this.approvalAbove = approvalAbove;
  }

  /**
   * Takes an order.
   *
   * @param idempotencyKey null for an order that is new each time
   * @return the order as it was taken, the same for each repetition
   * @throws IdempotencyKeyReusedException if the key came with another body before
   */
  OrderView place(OrderRequest request, @Nullable String idempotencyKey) {
    // PostgreSQL keeps microseconds: what is answered now and what is read later must be the same.
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    int slot = SlotHash.slotOf(request.customerId().toString());
    Reservation order = new Reservation(SlotIds.next(slot), now);
    if (idempotencyKey != null) {
      order = keys.reserve(idempotencyKey, request, order);
    }
    List<PlaceOrder.Line> lines = request.numberedLines();
    PlaceOrder command =
        new PlaceOrder(
            order.orderId(),
            request.customerId(),
            PlaceOrder.totalOf(lines).compareTo(approvalAbove) > 0,
            order.placedAt(),
            lines);
    return OrderView.taken(command, orders.take(command).id());
  }

  /**
   * Finds an order.
   *
   * @param orderId of version 7
   */
  OrderView find(UUID orderId) {
    return now(orders.find(orderId));
  }

  List<OrderView> newestOf(long customerId, int limit) {
    return orders.newestOf(customerId, limit).stream().map(this::now).toList();
  }

  /**
   * Says yes to an order, also to one that does not wait for it yet.
   *
   * @throws OrderStateException if it has ended or is past its pivot
   */
  OrderView approve(UUID orderId) {
    OrderView order = openOrder(orderId, "approved");
    try {
      sagas.signal(PlaceOrderSaga.of(order), new OrderApproved(orderId));
    } catch (SagaStateException | UnknownSagaException e) {
      throw new OrderStateException(find(orderId), "approved");
    }
    return order;
  }

  /**
   * Asks for an order to be cancelled; one that is on the way back anyway needs no more.
   *
   * @throws OrderStateException if it has ended or is past its pivot
   */
  OrderView cancel(UUID orderId, String reason) {
    OrderView order = openOrder(orderId, "cancelled");
    try {
      sagas.cancel(PlaceOrderSaga.of(order), reason);
    } catch (SagaStateException e) {
      if (e.state() != SagaState.CLOSING && e.state() != SagaState.COMPENSATING) {
        throw new OrderStateException(find(orderId), "cancelled");
      }
    } catch (UnknownSagaException e) {
      throw new OrderStateException(find(orderId), "cancelled");
    }
    return order;
  }

  /**
   * What happened to an order, oldest first.
   *
   * @throws OrderNotFoundException if the order is from before the sagas, or ended so long ago that
   *     its saga was deleted
   */
  OrderTimeline timeline(UUID orderId) {
    OrderView order = find(orderId);
    SagaStatus saga =
        sagas
            .find(PlaceOrderSaga.of(order))
            .orElseThrow(() -> new OrderNotFoundException(orderId, "no timeline is kept of it"));
    try {
      return OrderTimeline.of(orderId, saga, sagas.history(saga.id()));
    } catch (UnknownSagaException e) {
      throw new OrderNotFoundException(orderId, "no timeline is kept of it");
    }
  }

  private OrderView openOrder(UUID orderId, String what) {
    OrderView order = find(orderId);
    if (order.status().isEnded() || order.status().isPastPivot()) {
      throw new OrderStateException(order, what);
    }
    return order;
  }

  /**
   * How an order stands. A saga that was turned back before its first step has touched nothing, the
   * order included: then the saga says how the order ended.
   */
  private OrderView now(OrderService.Stored stored) {
    OrderView order = stored.order();
    if (stored.registered() || order.status() != OrderStatus.PENDING) {
      return order;
    }
    Optional<SagaStatus> saga = sagas.find(PlaceOrderSaga.of(order));
    if (saga.isEmpty()) {
      return order.cancelled("It was turned back before anything was done for it");
    }
    SagaFailure failure = saga.get().failure();
    return saga.get().state() == SagaState.COMPENSATED && failure != null
        ? order.cancelled(PlaceOrderSaga.reason(failure))
        : order;
  }
}
