package dev.evenkeel.sample.orders.order;

/** Where an order stands. Stored by name. */
enum OrderStatus {
  /** Taken; nothing follows in this application. */
  PLACED
}
