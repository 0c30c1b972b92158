package dev.evenkeel.sample.orders.stock;

/**
 * What was set aside for one line of an order.
 *
 * @param quantity pieces
 */
public record StockReserved(String sku, int quantity) {}
