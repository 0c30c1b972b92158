package dev.evenkeel.autoconfigure.jpa;

import jakarta.persistence.Entity;
import jakarta.persistence.EntityListeners;
import jakarta.persistence.Id;
import java.util.UUID;
import org.springframework.data.domain.AbstractAggregateRoot;

@Entity
@EntityListeners(PurchaseListener.class)
class Purchase extends AbstractAggregateRoot<Purchase> {

  @Id private UUID id;
  private String status;

  protected Purchase() {}

  static Purchase placed(UUID id) {
    Purchase purchase = new Purchase();
    purchase.id = id;
    purchase.status = "PLACED";
    purchase.registerEvent(new PurchasePlaced(id));
    return purchase;
  }

  UUID id() {
    return id;
  }

  void pay() {
    if (!status.equals("PLACED")) {
      throw new IllegalStateException("a purchase is paid once, this one is " + status);
    }
    status = "PAID";
  }
}
