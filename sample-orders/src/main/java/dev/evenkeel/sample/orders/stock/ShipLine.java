package dev.evenkeel.sample.orders.stock;

import java.util.UUID;

/**
 * Asks for what was set aside for one line of an order to be sent off.
 *
 * @param line of the order, from 0
 */
public record ShipLine(UUID orderId, int line, String sku, int quantity) {}
