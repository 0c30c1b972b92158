package dev.evenkeel.testing.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.testing.saga.Shop.Credit;
import dev.evenkeel.testing.saga.Shop.Points;
import dev.evenkeel.testing.saga.Shop.Stock;
import java.util.Collection;
import java.util.List;

/** An order of a customer who can pay it, of articles of which one is short. */
class PlaceOrderScenario implements SagaScenario {

  final Shop shop = new Shop();

  @Override
  public SimulatedStore store() {
    return shop.store;
  }

  @Override
  public Object saga() {
    return new PlaceOrderSaga(shop);
  }

  @Override
  public List<Object> participants() {
    return List.of(new Shipping(shop), new Loyalty(shop));
  }

  @Override
  public Object command() {
    return PlaceOrder.example();
  }

  @Override
  public List<Object> signals() {
    return List.of(new PlaceOrder.Approved("somebody"));
  }

  @Override
  public Collection<?> heldLocks() {
    return shop.locks.all();
  }

  @Override
  public void invariants(SagaOutcome end) {
    Credit credit = shop.credit.get("customer-1");
    Stock a = shop.stock.get("sku-a");
    Stock b = shop.stock.get("sku-b");
    assertThat(List.of(a.sum(), b.sum())).as("pieces of each article").containsExactly(10, 1);
    if (end.isCompleted()) {
      assertThat(credit).isEqualTo(new Credit("customer-1", 400, 0, 100));
      assertThat(List.of(a.shipped(), b.shipped())).as("shipped").containsExactly(2, 1);
      assertThat(shop.payments.balance()).as("paid").isEqualTo(100);
      assertThat(shop.orders.get("order-1").status()).isEqualTo("SHIPPED");
      assertThat(shop.points.get("customer-1")).isEqualTo(new Points("customer-1", 10));
    } else {
      assertThat(credit).isEqualTo(new Credit("customer-1", 500, 0, 0));
      assertThat(List.of(a.free(), b.free())).as("free").containsExactly(10, 1);
      assertThat(shop.payments.balance()).as("paid").isEqualTo(0);
      shop.orders
          .find("order-1")
          .ifPresent(order -> assertThat(order.status()).startsWith("CANCELLED"));
      assertThat(shop.points.get("customer-1")).isEqualTo(new Points("customer-1", 0));
    }
  }
}
