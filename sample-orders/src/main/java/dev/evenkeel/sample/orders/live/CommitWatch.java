package dev.evenkeel.sample.orders.live;

import dev.evenkeel.sample.orders.customer.SummaryUpdated;
import dev.evenkeel.sample.orders.live.Station.Name;
import dev.evenkeel.sample.orders.order.OrderConfirmed;
import dev.evenkeel.sample.orders.order.OrderMoved;
import dev.evenkeel.sample.orders.order.OrderTaken;
import dev.evenkeel.sample.orders.shard.Slots;
import org.springframework.stereotype.Component;
import org.springframework.transaction.event.TransactionalEventListener;

/** Tells the feed of commits: its listeners run after the transaction has committed. */
@Component
class CommitWatch {

  private final LiveFeed feed;
  private final Slots slots;

  CommitWatch(LiveFeed feed, Slots slots) {
    this.feed = feed;
    this.slots = slots;
  }

  @TransactionalEventListener
  void taken(OrderTaken event) {
    feed.tell("order", TakenOrder.of(event, slots.shard()));
  }

  @TransactionalEventListener
  void moved(OrderMoved event) {
    feed.tell("status", event);
  }

  @TransactionalEventListener
  void confirmed(OrderConfirmed event) {
    feed.tell("station", Station.passed(event.orderId(), Name.COMMITTED));
  }

  @TransactionalEventListener
  void handled(SummaryUpdated event) {
    feed.tell("station", Station.passed(event.orderId(), Name.HANDLED));
  }
}
