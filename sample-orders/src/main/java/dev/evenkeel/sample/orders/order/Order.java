package dev.evenkeel.sample.orders.order;

import dev.evenkeel.shard.id.SlotIds;
import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.OrderColumn;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.AbstractAggregateRoot;

/** An order. Placing one registers {@link OrderPlaced}, which Spring Data publishes on saving. */
@Entity
@Table(name = "orders")
class Order extends AbstractAggregateRoot<Order> {

  /** Says its slot, so that the id alone leads to the shard. */
  @Id private UUID id;

  /** Null until stored: that is how Spring Data knows a new order by an id given beforehand. */
  @Version private @Nullable Integer version;

  @Column(name = "customer_id", nullable = false)
  private long customerId;

  /** The customer's: what a move of that slot takes along. */
  @Column(nullable = false)
  private short slot;

  @Enumerated(EnumType.STRING)
  @Column(nullable = false)
  private OrderStatus status;

  @Column(nullable = false, precision = 14, scale = 2)
  private BigDecimal total;

  @Column(name = "placed_at", nullable = false)
  private Instant placedAt;

  @ElementCollection
  @CollectionTable(name = "order_line", joinColumns = @JoinColumn(name = "order_id"))
  @OrderColumn(name = "line_number")
  private List<OrderLine> lines = new ArrayList<>();

  /** For Hibernate. */
  @SuppressWarnings("NullAway.Init")
  protected Order() {}

  private Order(long customerId, int slot, List<OrderLine> lines, Instant placedAt) {
    this.id = SlotIds.next(slot);
    this.customerId = customerId;
    this.slot = (short) slot;
    this.status = OrderStatus.PLACED;
    this.total = lines.stream().map(OrderLine::amount).reduce(BigDecimal.ZERO, BigDecimal::add);
    this.placedAt = placedAt;
    this.lines.addAll(lines);
  }

  /**
   * A new order; the event goes out with the transaction that saves it.
   *
   * @param slot the customer's, 0 to 4,095; the lines have it, too
   */
  static Order place(long customerId, int slot, List<OrderLine> lines) {
    // PostgreSQL keeps microseconds: what is answered now and what is read later must be the same.
    Order order = new Order(customerId, slot, lines, Instant.now().truncatedTo(ChronoUnit.MICROS));
    order.registerEvent(new OrderPlaced(order.id, order.customerId, order.total, order.placedAt));
    return order;
  }

  UUID id() {
    return id;
  }

  long customerId() {
    return customerId;
  }

  OrderStatus status() {
    return status;
  }

  BigDecimal total() {
    return total;
  }

  Instant placedAt() {
    return placedAt;
  }

  List<OrderLine> lines() {
    return List.copyOf(lines);
  }
}
