package dev.evenkeel.sample.orders.order;

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

/**
 * An order. Its steps say what they do, and do not ask whether it was done before: that each takes
 * effect once is what the saga promises, and what the audit looks for. Events are published by
 * Spring Data on saving.
 */
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

  /** Null when the order was not taken over HTTP, or is from before the sagas. */
  @Column(name = "saga_id")
  private @Nullable UUID sagaId;

  /** Why it was cancelled; null when it was not. */
  private @Nullable String reason;

  @ElementCollection
  @CollectionTable(name = "order_line", joinColumns = @JoinColumn(name = "order_id"))
  @OrderColumn(name = "line_number")
  private List<OrderLine> lines = new ArrayList<>();

  /** What its saga did, oldest first; empty until the saga has registered it. */
  @ElementCollection
  @CollectionTable(name = "order_change", joinColumns = @JoinColumn(name = "order_id"))
  @OrderColumn(name = "change_number")
  private List<OrderChange> changes = new ArrayList<>();

  /** For Hibernate. */
  @SuppressWarnings("NullAway.Init")
  protected Order() {}

  private Order(PlaceOrder command, int slot, @Nullable UUID sagaId) {
    this.id = command.orderId();
    this.customerId = command.customerId();
    this.slot = (short) slot;
    this.status = OrderStatus.PENDING;
    this.total = command.total();
    this.placedAt = command.placedAt();
    this.sagaId = sagaId;
    command
        .lines()
        .forEach(
            line ->
                this.lines.add(
                    new OrderLine(line.sku(), line.quantity(), line.unitPrice(), (short) slot)));
  }

  /**
   * A new order, whose saga has yet to begin.
   *
   * @param slot the customer's, 0 to 4,095; the lines have it, too
   * @param sagaId null when nobody knows it here
   */
  static Order take(PlaceOrder command, int slot, @Nullable UUID sagaId) {
    Order order = new Order(command, slot, sagaId);
    if (sagaId != null) {
      order.registerEvent(
          new OrderTaken(
              order.id,
              sagaId,
              order.customerId,
              order.total,
              order.lines.size(),
              command.needsApproval(),
              order.placedAt));
    }
    return order;
  }

  /** The saga has taken charge. */
  Order register() {
    return become(OrderStatus.PENDING);
  }

  /** Everything is reserved, and somebody has to approve it. */
  Order awaitApproval() {
    return become(OrderStatus.AWAITING_APPROVAL);
  }

  /** It will be shipped; the event goes out with the transaction that saves it. */
  Order confirm() {
    become(OrderStatus.CONFIRMED);
    registerEvent(confirmation());
    return this;
  }

  /** What is told of a confirmed order. */
  OrderConfirmed confirmation() {
    return new OrderConfirmed(id, customerId, total, changes.get(changes.size() - 1).changedAt());
  }

  /** All lines have left. */
  Order markShipped() {
    return become(OrderStatus.SHIPPED);
  }

  /** Everything was given back. */
  Order cancel(String why) {
    reason = why;
    return become(OrderStatus.CANCELLED);
  }

  private Order become(OrderStatus next) {
    status = next;
    // PostgreSQL keeps microseconds: what is answered now and what is read later must be the same.
    changes.add(new OrderChange(next, Instant.now().truncatedTo(ChronoUnit.MICROS), slot));
    registerEvent(new OrderMoved(id, customerId, next, reason));
    return this;
  }

  /** Whether its saga has begun. */
  boolean isRegistered() {
    return !changes.isEmpty();
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

  @Nullable UUID sagaId() {
    return sagaId;
  }

  @Nullable String reason() {
    return reason;
  }

  List<OrderLine> lines() {
    return List.copyOf(lines);
  }
}
