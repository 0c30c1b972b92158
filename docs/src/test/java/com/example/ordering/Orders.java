package com.example.ordering;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.shard.Sharded;
import dev.evenkeel.shard.SlotStrategy;
import dev.evenkeel.shard.id.CurrentSlot;
import dev.evenkeel.shard.id.SlotIds;
import java.util.List;
import java.util.UUID;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

record PlaceOrder(long customerId, String sku) {}

@OutboxEvent(type = "order-placed", aggregateType = "order", key = "orderId")
record OrderPlaced(UUID orderId, long customerId, String sku) {}

@Service
class Orders {
  private final JdbcClient database;
  private final CurrentSlot slot;
  private final ApplicationEventPublisher events;

  Orders(JdbcClient database, CurrentSlot slot, ApplicationEventPublisher events) {
    this.database = database;
    this.slot = slot;
    this.events = events;
  }

  @Sharded(key = "request.customerId") // or "customerId": only one parameter has it
  @Transactional
  public UUID place(PlaceOrder request) {
    UUID orderId = SlotIds.next(slot.slot()); // says the customer's slot
    database
        .sql("INSERT INTO orders (id, slot, customer_id, sku) VALUES (?, ?, ?, ?)")
        .params(orderId, slot.slot(), request.customerId(), request.sku())
        .update();
    events.publishEvent(new OrderPlaced(orderId, request.customerId(), request.sku()));
    return orderId;
  }

  @Sharded(key = "orderId", strategy = SlotStrategy.CARRIED) // no look-up: the id is enough
  @Transactional(readOnly = true)
  public List<String> skusOf(UUID orderId) {
    return database
        .sql("SELECT sku FROM orders WHERE id = ?")
        .params(orderId)
        .query(String.class)
        .list();
  }
}

@Component
record Stock(JdbcClient database) {
  @InboxHandler(consumer = "stock", shardKey = "sku")
  void on(OrderPlaced event) { // one transaction on the article's shard
    database
        .sql("UPDATE stock SET reserved = reserved + 1 WHERE sku = ?")
        .params(event.sku())
        .update();
  }
}
