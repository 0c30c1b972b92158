package dev.evenkeel.sample.orders.customer;

import dev.evenkeel.sample.orders.service.OfCustomers;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Positive;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Customers over HTTP. */
@RestController
@OfCustomers
@RequestMapping("/customers/{customerId}")
class CustomerController {

  /** 2^53 - 1, what every JSON reader holds exactly. */
  private static final long MAX_CUSTOMER_ID = 9_007_199_254_740_991L;

  private final CreditService credit;
  private final SummaryService summaries;

  CustomerController(CreditService credit, SummaryService summaries) {
    this.credit = credit;
    this.summaries = summaries;
  }

  /** Credit as HTTP shows it: money as decimal strings. */
  record CreditView(String creditLimit, String reserved, String used, String available) {

    static CreditView of(CreditBalance balance) {
      return new CreditView(
          balance.creditLimit().toPlainString(),
          balance.reserved().toPlainString(),
          balance.used().toPlainString(),
          balance.available().toPlainString());
    }
  }

  /** A summary as HTTP shows it: money as a decimal string. */
  record SummaryView(long orderCount, String total) {

    /** Of whom nothing is known has ordered nothing. */
    static final SummaryView NOTHING = new SummaryView(0, "0.00");

    static SummaryView of(CustomerSummary summary) {
      return new SummaryView(summary.orderCount(), summary.total().toPlainString());
    }
  }

  @GetMapping
  CreditView credit(@PathVariable @Positive @Max(MAX_CUSTOMER_ID) long customerId) {
    return CreditView.of(credit.balance(customerId));
  }

  @PutMapping
  CreditView setCreditLimit(
      @PathVariable @Positive @Max(MAX_CUSTOMER_ID) long customerId,
      @Valid @RequestBody SetCreditLimit request) {
    return CreditView.of(credit.setLimit(customerId, request.amount()));
  }

  @GetMapping("/summary")
  SummaryView summary(@PathVariable @Positive long customerId) {
    return summaries.find(customerId).map(SummaryView::of).orElse(SummaryView.NOTHING);
  }
}
