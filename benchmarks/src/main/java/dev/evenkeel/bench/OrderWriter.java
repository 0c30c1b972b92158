package dev.evenkeel.bench;

/** Writes one order's business row in one transaction. Thread-safe. */
interface OrderWriter {

  void write(OrderPlaced order);
}
