package dev.evenkeel.sample.orders.customer;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.sample.orders.order.OrderPlaced;
import dev.evenkeel.sample.orders.shard.Slots;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;

/**
 * Keeps the summaries. The framework runs it in one transaction with its inbox row, on the shard of
 * the customer wherever the event comes from, so each order is counted once however often its event
 * arrives.
 */
@Component
class CustomerSummaryHandler {

  private final CustomerSummaries summaries;
  private final Slots slots;
  private final ApplicationEventPublisher events;

  CustomerSummaryHandler(
      CustomerSummaries summaries, Slots slots, ApplicationEventPublisher events) {
    this.summaries = summaries;
    this.slots = slots;
    this.events = events;
  }

  @InboxHandler(consumer = "customer-summary", shardKey = "customerId")
  void on(OrderPlaced event) {
    summaries.count(event.customerId(), slots.of(event.customerId()), event.total());
    events.publishEvent(new SummaryUpdated(event.orderId(), event.customerId()));
  }
}
