package com.example.bookshop.shipping;

import com.example.bookshop.orders.OrderCancelled;
import com.example.bookshop.orders.OrderCompleted;
import com.example.bookshop.orders.OrderReturned;
import dev.evenkeel.outbox.InboxHandler;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

@Component
public class Shipping {

  private final JdbcTemplate jdbc;

  private final Set<String> unclear = ConcurrentHashMap.newKeySet();
  private final Map<String, Integer> attempts = new ConcurrentHashMap<>();

  Shipping(JdbcTemplate jdbc) {
    this.jdbc = jdbc;
  }

  /** From now on nobody understands the order's address. */
  public void addressIsUnclear(String orderId) {
    unclear.add(orderId);
  }

  public void addressIsClear(String orderId) {
    unclear.remove(orderId);
  }

  /** How often the order's completion was tried. */
  public int attempts(String orderId) {
    return attempts.getOrDefault(orderId, 0);
  }

  @InboxHandler(consumer = "shipping")
  void on(OrderCompleted event) {
    attempts.merge(event.orderId(), 1, Integer::sum);
    if (unclear.contains(event.orderId())) {
      throw new IllegalStateException("the address is unclear");
    }
    step(event.orderId(), "packed " + event.books());
  }

  @InboxHandler(consumer = "shipping")
  void on(OrderCancelled event) {
    step(event.orderId(), "stopped");
  }

  @InboxHandler(consumer = "shipping")
  void on(OrderReturned event) {
    step(event.orderId(), "taken back");
  }

  private void step(String orderId, String what) {
    jdbc.update("INSERT INTO shipment_step (order_id, what) VALUES (?, ?)", orderId, what);
  }
}
