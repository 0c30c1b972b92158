package com.example.bookshop.orders;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

@Service
public class Orders {

  private final JdbcTemplate jdbc;
  private final ApplicationEventPublisher events;

  Orders(JdbcTemplate jdbc, ApplicationEventPublisher events) {
    this.jdbc = jdbc;
    this.events = events;
  }

  /** One transaction: the order and its events. */
  @Transactional
  public void complete(String id, int books) {
    jdbc.update("INSERT INTO customer_order VALUES (?, 'COMPLETED')", id);
    events.publishEvent(new OrderCompleted(id, books));
    events.publishEvent(new OrderNoted(id));
  }

  @Transactional
  public void completeAndFail(String id) {
    complete(id, 1);
    throw new IllegalStateException("after the event");
  }

  @Transactional
  public void cancel(String id) {
    jdbc.update("UPDATE customer_order SET status = 'CANCELLED' WHERE id = ?", id);
    events.publishEvent(new OrderCancelled(id));
  }

  @Transactional
  public void giveBack(String id) {
    events.publishEvent(new OrderReturned(id));
  }

  /** Not in a transaction. */
  public void announce(String id) {
    events.publishEvent(new OrderCancelled(id));
  }
}
