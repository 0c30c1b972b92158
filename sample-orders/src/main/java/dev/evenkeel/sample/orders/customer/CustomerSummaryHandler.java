package dev.evenkeel.sample.orders.customer;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.sample.orders.order.OrderPlaced;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.stereotype.Component;

/**
 * Keeps the summaries. The framework runs it in one transaction with its inbox row, so each order
 * is counted once however often its event arrives.
 */
@Component
class CustomerSummaryHandler {

  private final CustomerSummaries summaries;
  private final ApplicationEventPublisher events;

  CustomerSummaryHandler(CustomerSummaries summaries, ApplicationEventPublisher events) {
    this.summaries = summaries;
    this.events = events;
  }

  @InboxHandler(consumer = "customer-summary")
  void on(OrderPlaced event) {
    summaries.count(event.customerId(), event.total());
    events.publishEvent(new SummaryUpdated(event.orderId(), event.customerId()));
  }
}
