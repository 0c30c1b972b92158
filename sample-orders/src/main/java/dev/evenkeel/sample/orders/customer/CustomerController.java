package dev.evenkeel.sample.orders.customer;

import jakarta.validation.constraints.Positive;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Customers over HTTP. */
@RestController
class CustomerController {

  private final CustomerSummaries summaries;

  CustomerController(CustomerSummaries summaries) {
    this.summaries = summaries;
  }

  /** A summary as HTTP shows it: money as a decimal string. */
  record SummaryView(long orderCount, String total) {

    /** Of whom nothing is known has ordered nothing. */
    static final SummaryView NOTHING = new SummaryView(0, "0.00");

    static SummaryView of(CustomerSummary summary) {
      return new SummaryView(summary.orderCount(), summary.total().toPlainString());
    }
  }

  @GetMapping("/customers/{customerId}/summary")
  SummaryView summary(@PathVariable @Positive long customerId) {
    return summaries.findById(customerId).map(SummaryView::of).orElse(SummaryView.NOTHING);
  }
}
