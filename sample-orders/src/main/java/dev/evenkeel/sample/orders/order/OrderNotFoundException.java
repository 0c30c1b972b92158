package dev.evenkeel.sample.orders.order;

import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/** No order has this id. */
class OrderNotFoundException extends ErrorResponseException {

  OrderNotFoundException(UUID orderId) {
    super(HttpStatus.NOT_FOUND);
    setTitle("Order not found");
    setDetail("There is no order " + orderId);
  }
}
