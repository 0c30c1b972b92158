package dev.evenkeel.sample.orders.order;

import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/** No order has this id, or nothing is left of what was asked for. */
class OrderNotFoundException extends ErrorResponseException {

  OrderNotFoundException(UUID orderId) {
    super(HttpStatus.NOT_FOUND);
    setTitle("Order not found");
    setDetail("There is no order " + orderId);
  }

  OrderNotFoundException(UUID orderId, String what) {
    super(HttpStatus.NOT_FOUND);
    setTitle("Not found");
    setDetail("Of order %s: %s".formatted(orderId, what));
  }
}
