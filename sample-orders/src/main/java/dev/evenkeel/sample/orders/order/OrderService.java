package dev.evenkeel.sample.orders.order;

import java.util.List;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Places and finds orders, each call one transaction. */
@Service
class OrderService {

  private final Orders orders;

  OrderService(Orders orders) {
    this.orders = orders;
  }

  /** Order, lines and event commit together, or not at all. */
  @Transactional
  public OrderView place(PlaceOrder request) {
    return OrderView.of(orders.save(Order.place(request.customerId(), request.orderLines())));
  }

  @Transactional(readOnly = true)
  public OrderView find(UUID orderId) {
    return orders
        .findById(orderId)
        .map(OrderView::of)
        .orElseThrow(() -> new OrderNotFoundException(orderId));
  }

  @Transactional(readOnly = true)
  public List<OrderView> newestOf(long customerId, int limit) {
    return orders.findByCustomerIdOrderByPlacedAtDescIdDesc(customerId, Limit.of(limit)).stream()
        .map(OrderView::of)
        .toList();
  }
}
