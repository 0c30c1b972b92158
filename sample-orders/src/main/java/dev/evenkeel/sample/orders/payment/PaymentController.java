package dev.evenkeel.sample.orders.payment;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.evenkeel.sample.orders.service.OfCustomers;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import java.math.BigDecimal;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Payments over HTTP, under keys that their callers choose. */
@RestController
@OfCustomers
@RequestMapping("/customers/{customerId}/payments/{key}")
class PaymentController {

  /** 2^53 - 1, what every JSON reader holds exactly. */
  private static final long MAX_CUSTOMER_ID = 9_007_199_254_740_991L;

  private static final String KEY = "[!-~]{1,255}";
  private static final String KEY_MESSAGE = "must be 1 to 255 visible ASCII characters";

  private final PaymentService payments;

  PaymentController(PaymentService payments) {
    this.payments = payments;
  }

  /**
   * A payment as HTTP shows it: money as a decimal string.
   *
   * @param amount left out when it was voided before it was charged
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record PaymentView(String key, UUID orderId, @Nullable String amount, boolean voided) {

    static PaymentView of(Payment payment) {
      BigDecimal amount = payment.amount();
      return new PaymentView(
          payment.key(),
          payment.orderId(),
          amount == null ? null : amount.toPlainString(),
          payment.voided());
    }
  }

  /** Charges once, however often it is asked for. */
  @PutMapping
  PaymentView charge(
      @PathVariable @Positive @Max(MAX_CUSTOMER_ID) long customerId,
      @PathVariable @Pattern(regexp = KEY, message = KEY_MESSAGE) String key,
      @Valid @RequestBody PaymentRequest request) {
    return PaymentView.of(payments.charge(customerId, key, request.orderId(), request.money()));
  }

  /** Voids what was charged, and what may yet come. */
  @DeleteMapping
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void cancel(
      @PathVariable @Positive @Max(MAX_CUSTOMER_ID) long customerId,
      @PathVariable @Pattern(regexp = KEY, message = KEY_MESSAGE) String key,
      @RequestParam UUID orderId) {
    payments.cancel(customerId, key, orderId);
  }

  @GetMapping
  ResponseEntity<PaymentView> find(
      @PathVariable @Positive @Max(MAX_CUSTOMER_ID) long customerId,
      @PathVariable @Pattern(regexp = KEY, message = KEY_MESSAGE) String key) {
    return ResponseEntity.of(payments.find(customerId, key).map(PaymentView::of));
  }
}
