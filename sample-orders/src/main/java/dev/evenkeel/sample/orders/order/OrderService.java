package dev.evenkeel.sample.orders.order;

import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.StartedSaga;
import dev.evenkeel.sample.orders.service.OfOrders;
import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.shard.Sharded;
import dev.evenkeel.shard.SlotStrategy;
import java.util.List;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Stores and finds orders, each call one transaction on the customer's shard. */
@Service
@OfOrders
class OrderService {

  private final Orders orders;
  private final Slots slots;
  private final Sagas sagas;

  OrderService(Orders orders, Slots slots, Sagas sagas) {
    this.orders = orders;
    this.slots = slots;
    this.sagas = sagas;
  }

  /**
   * An order as stored.
   *
   * @param registered whether its saga has begun; until then the saga alone knows how it stands
   */
  record Stored(OrderView order, boolean registered) {

    static Stored of(Order order) {
      return new Stored(OrderView.of(order), order.isRegistered());
    }
  }

  /**
   * The order and the start of its saga commit together, or not at all: who is told that it was
   * taken finds it. Taking it again does nothing.
   */
  @Sharded(key = "order.customerId")
  @Transactional
  public StartedSaga take(PlaceOrder order) {
    StartedSaga saga = sagas.start(order);
    if (saga.isNew()) {
      orders.save(Order.take(order, slots.of(order.customerId()), saga.id()));
    }
    return saga;
  }

  /**
   * Finds an order by its id alone, which carries the slot.
   *
   * @param orderId of version 7
   */
  @Sharded(key = "orderId", strategy = SlotStrategy.CARRIED)
  @Transactional(readOnly = true)
  public Stored find(UUID orderId) {
    return orders
        .findById(orderId)
        .map(Stored::of)
        .orElseThrow(() -> new OrderNotFoundException(orderId));
  }

  @Sharded(key = "customerId")
  @Transactional(readOnly = true)
  public List<Stored> newestOf(long customerId, int limit) {
    return orders.findByCustomerIdOrderByPlacedAtDescIdDesc(customerId, Limit.of(limit)).stream()
        .map(Stored::of)
        .toList();
  }
}
