package dev.evenkeel.sample.orders.order;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;

/**
 * The body of {@code POST /orders/{orderId}/cancel}, which may be left out.
 *
 * @param reason for people, 1 to 200 characters
 */
record CancelOrder(@NotBlank @Size(max = 200) String reason) {

  static final CancelOrder ON_REQUEST = new CancelOrder("Cancelled on request");
}
