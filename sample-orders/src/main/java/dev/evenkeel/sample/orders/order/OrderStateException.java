package dev.evenkeel.sample.orders.order;

import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/** An order is where that can't be done any more. */
class OrderStateException extends ErrorResponseException {

  OrderStateException(OrderView order, String what) {
    super(HttpStatus.CONFLICT);
    setTitle("Too late");
    setDetail("Order %s is %s and can't be %s".formatted(order.orderId(), order.status(), what));
    getBody().setProperty("status", order.status());
  }
}
