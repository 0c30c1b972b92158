package dev.evenkeel.sample.orders.customer;

import dev.evenkeel.sample.orders.service.OfCustomers;
import dev.evenkeel.shard.Sharded;
import java.util.Optional;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Reads the summaries, each on its customer's shard. */
@Service
@OfCustomers
@Sharded(key = "customerId")
class SummaryService {

  private final CustomerSummaries summaries;

  SummaryService(CustomerSummaries summaries) {
    this.summaries = summaries;
  }

  /** Empty for who has ordered nothing. */
  @Transactional(readOnly = true)
  public Optional<CustomerSummary> find(long customerId) {
    return summaries.findById(customerId);
  }
}
