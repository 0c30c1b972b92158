package dev.evenkeel.sample.orders.order;

import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/** A key came with another body than before. */
class IdempotencyKeyReusedException extends ErrorResponseException {

  IdempotencyKeyReusedException(String key) {
    super(HttpStatus.UNPROCESSABLE_CONTENT);
    setTitle("Idempotency key reused");
    setDetail(
        "The Idempotency-Key \"%s\" stands for another order; send a new key with a new order"
            .formatted(key));
  }
}
