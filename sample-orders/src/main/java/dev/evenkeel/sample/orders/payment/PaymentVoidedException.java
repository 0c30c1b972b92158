package dev.evenkeel.sample.orders.payment;

import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;

/** A key was voided, and can't be charged any more. */
final class PaymentVoidedException extends ErrorResponseException {

  private static final long serialVersionUID = 1L;

  PaymentVoidedException(String key) {
    super(HttpStatus.CONFLICT);
    setDetail("Payment %s was voided and can't be charged any more".formatted(key));
  }
}
