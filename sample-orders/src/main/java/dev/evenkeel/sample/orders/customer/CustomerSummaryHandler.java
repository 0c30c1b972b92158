package dev.evenkeel.sample.orders.customer;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.sample.orders.order.OrderConfirmed;
import dev.evenkeel.sample.orders.order.OrderPlaced;
import dev.evenkeel.sample.orders.service.OfCustomers;
import dev.evenkeel.sample.orders.shard.Slots;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;

/**
 * Keeps the summaries, which count confirmed orders. The framework runs it in one transaction with
 * its inbox row, on the shard of the customer wherever the event comes from, so each order is
 * counted once however often its event arrives.
 */
@Component
@OfCustomers
class CustomerSummaryHandler {

  private static final String CONSUMER = "customer-summary";

  private final CustomerSummaries summaries;
  private final Slots slots;
  private final ApplicationEventPublisher events;

  CustomerSummaryHandler(
      CustomerSummaries summaries, Slots slots, ApplicationEventPublisher events) {
    this.summaries = summaries;
    this.slots = slots;
    this.events = events;
  }

  @InboxHandler(consumer = CONSUMER, shardKey = "customerId")
  void on(OrderConfirmed event) {
    summaries.count(event.customerId(), slots.of(event.customerId()), event.total());
    events.publishEvent(new SummaryUpdated(event.orderId(), event.customerId()));
  }

  /**
   * Before the sagas an order was counted as it was placed. Those that were counted stay so, and
   * those whose events were still on their way when the application was replaced are counted, too.
   */
  @InboxHandler(consumer = CONSUMER, shardKey = "customerId")
  void on(OrderPlaced event) {
    summaries.count(event.customerId(), slots.of(event.customerId()), event.total());
  }
}
