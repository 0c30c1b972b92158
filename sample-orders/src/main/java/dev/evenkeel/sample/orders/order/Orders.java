package dev.evenkeel.sample.orders.order;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Limit;
import org.springframework.data.repository.Repository;

/** The stored orders. */
interface Orders extends Repository<Order, UUID> {

  /** Stores a new order and publishes its events. */
  Order save(Order order);

  Optional<Order> findById(UUID id);

  /** Newest first; ids are time-ordered and settle ties. */
  List<Order> findByCustomerIdOrderByPlacedAtDescIdDesc(long customerId, Limit limit);
}
