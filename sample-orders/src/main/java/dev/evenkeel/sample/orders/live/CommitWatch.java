package dev.evenkeel.sample.orders.live;

import dev.evenkeel.sample.orders.customer.SummaryUpdated;
import dev.evenkeel.sample.orders.live.Station.Name;
import dev.evenkeel.sample.orders.order.OrderPlaced;
import dev.evenkeel.sample.orders.shard.Slots;
import org.springframework.stereotype.Component;
import org.springframework.transaction.event.TransactionalEventListener;

/** Tells the feed of commits: both listeners run after the transaction has committed. */
@Component
class CommitWatch {

  private final LiveFeed feed;
  private final Slots slots;

  CommitWatch(LiveFeed feed, Slots slots) {
    this.feed = feed;
    this.slots = slots;
  }

  @TransactionalEventListener
  void committed(OrderPlaced event) {
    Station station = Station.passed(event.orderId(), Name.COMMITTED);
    feed.tell("order", PlacedOrder.of(event, slots.shard()));
    feed.tell("station", station);
  }

  @TransactionalEventListener
  void handled(SummaryUpdated event) {
    feed.tell("station", Station.passed(event.orderId(), Name.HANDLED));
  }
}
