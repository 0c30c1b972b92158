package dev.evenkeel.autoconfigure.jpa;

import dev.evenkeel.outbox.Outbox;
import java.util.UUID;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

@Service
class PurchaseService {

  private final Purchases purchases;
  private final Outbox outbox;

  PurchaseService(Purchases purchases, Outbox outbox) {
    this.purchases = purchases;
    this.outbox = outbox;
  }

  @Transactional
  void place(UUID id) {
    purchases.save(Purchase.placed(id));
  }

  @Transactional
  void placeAndFail(UUID id) {
    purchases.saveAndFlush(Purchase.placed(id));
    throw new IllegalStateException("out of stock");
  }

  /** Appends before it changes the entity, which is written only by the flush at the end. */
  @Transactional
  void pay(UUID id) {
    outbox.append(new PurchasePaid(id));
    purchases.findById(id).orElseThrow().pay();
  }
}
