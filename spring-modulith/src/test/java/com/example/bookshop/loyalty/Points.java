package com.example.bookshop.loyalty;

import com.example.bookshop.orders.OrderCompleted;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.modulith.events.ApplicationModuleListener;
import org.springframework.stereotype.Component;

/** Listens in Modulith's own way: after the commit, on another thread. */
@Component
public class Points {

  private final List<String> given = new CopyOnWriteArrayList<>();

  /** The orders, each as often as there were points. */
  public List<String> given() {
    return List.copyOf(given);
  }

  @ApplicationModuleListener
  void on(OrderCompleted event) {
    given.add(event.orderId());
  }
}
