package dev.evenkeel.sample.orders.stock;

import java.util.UUID;

/**
 * Asks for pieces to be set aside for one line of an order; answered with {@link StockReserved}.
 *
 * @param line of the order, from 0
 */
public record ReserveStock(UUID orderId, int line, String sku, int quantity) {}
