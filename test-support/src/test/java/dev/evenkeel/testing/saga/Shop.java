package dev.evenkeel.testing.saga;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What survives a crash of the application: its tables, and the server that takes payments. */
final class Shop {

  record Order(String id, String customerId, String status) {}

  record Credit(String customerId, int free, int reserved, int used) {}

  record Stock(String sku, int free, int reserved, int shipped) {

    int sum() {
      return free + reserved + shipped;
    }
  }

  record Lock(String name, String customerId) {}

  record Points(String customerId, int blocked) {}

  final SimulatedStore store = new SimulatedStore();
  final SimulatedTable<String, Order> orders =
      store.table("orders", Order.class, Order::id, Order::customerId);
  final SimulatedTable<String, Credit> credit =
      store.table("credit", Credit.class, Credit::customerId, Credit::customerId);
  final SimulatedTable<String, Stock> stock =
      store.table("stock", Stock.class, Stock::sku, Stock::sku);
  final SimulatedTable<String, Lock> locks =
      store.table("lock", Lock.class, Lock::name, Lock::customerId);
  final SimulatedTable<String, Points> points =
      store.table("points", Points.class, Points::customerId, Points::customerId);
  final Payments payments = new Payments();

  Shop() {
    credit.save(new Credit("customer-1", 500, 0, 0));
    stock.save(new Stock("sku-a", 10, 0, 0));
    stock.save(new Stock("sku-b", 1, 0, 0));
    points.save(new Points("customer-1", 0));
  }

  /** Takes money; a call with a key that was voided does nothing. */
  static final class Payments {

    private final Map<String, Integer> taken = new HashMap<>();
    private final Set<String> voided = new HashSet<>();
    private int paidBack;

    void take(String key, int amount) {
      if (!voided.contains(key)) {
        taken.put(key, amount);
      }
    }

    void cancel(String key) {
      voided.add(key);
      taken.remove(key);
    }

    void payBack(int amount) {
      paidBack += amount;
    }

    int balance() {
      return taken.values().stream().mapToInt(Integer::intValue).sum() - paidBack;
    }
  }
}
