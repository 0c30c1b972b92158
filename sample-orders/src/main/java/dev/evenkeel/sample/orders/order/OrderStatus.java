package dev.evenkeel.sample.orders.order;

/** Where an order stands. Stored by name. */
public enum OrderStatus {
  /** From before the sagas: taken and counted, never charged nor shipped. It stays so. */
  PLACED,
  /** Credit and stock are being reserved. */
  PENDING,
  /** Everything is reserved; somebody has to say yes. */
  AWAITING_APPROVAL,
  /** The credit is used: from here on the order is shipped, however long it takes. */
  CONFIRMED,
  /** All lines have left. */
  SHIPPED,
  /** Everything was given back. */
  CANCELLED;

  /** Whether nothing happens any more. */
  boolean isEnded() {
    return this == PLACED || this == SHIPPED || this == CANCELLED;
  }

  /** Whether it can't be cancelled any more. */
  boolean isPastPivot() {
    return this == CONFIRMED || this == SHIPPED;
  }
}
