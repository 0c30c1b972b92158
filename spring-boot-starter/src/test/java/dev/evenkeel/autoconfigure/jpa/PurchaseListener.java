package dev.evenkeel.autoconfigure.jpa;

import dev.evenkeel.outbox.Outbox;
import jakarta.persistence.PostUpdate;
import org.springframework.stereotype.Component;

/** Made while the entity manager factory is made, and needs the outbox. */
@Component
class PurchaseListener {

  private final Outbox outbox;

  PurchaseListener(Outbox outbox) {
    this.outbox = outbox;
  }

  @PostUpdate
  void updated(Purchase purchase) {
    outbox.append(new PurchaseUpdated(purchase.id()));
  }
}
