package dev.evenkeel.sample.orders.order;

import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.shard.Sharded;
import dev.evenkeel.shard.SlotStrategy;
import java.util.List;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Places and finds orders, each call one transaction on the customer's shard. */
@Service
class OrderService {

  private final Orders orders;
  private final Slots slots;

  OrderService(Orders orders, Slots slots) {
    this.orders = orders;
    this.slots = slots;
  }

  /** Order, lines and event commit together, or not at all. */
  @Sharded(key = "customerId")
  @Transactional
  public OrderView place(PlaceOrder request) {
    int slot = slots.of(request.customerId());
    return OrderView.of(
        orders.save(Order.place(request.customerId(), slot, request.orderLines(slot))));
  }

  /**
   * Finds an order by its id alone, which carries the slot.
   *
   * @param orderId of version 7
   */
  @Sharded(key = "orderId", strategy = SlotStrategy.CARRIED)
  @Transactional(readOnly = true)
  public OrderView find(UUID orderId) {
    return orders
        .findById(orderId)
        .map(OrderView::of)
        .orElseThrow(() -> new OrderNotFoundException(orderId));
  }

  @Sharded(key = "customerId")
  @Transactional(readOnly = true)
  public List<OrderView> newestOf(long customerId, int limit) {
    return orders.findByCustomerIdOrderByPlacedAtDescIdDesc(customerId, Limit.of(limit)).stream()
        .map(OrderView::of)
        .toList();
  }
}
