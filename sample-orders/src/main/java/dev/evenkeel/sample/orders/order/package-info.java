/**
 * Orders. {@code PlaceOrderSaga} takes each from its placing to its shipping; {@code OrderDesk} is
 * what HTTP asks, {@code OrderService} what is stored.
 */
@NullMarked
package dev.evenkeel.sample.orders.order;

import org.jspecify.annotations.NullMarked;
