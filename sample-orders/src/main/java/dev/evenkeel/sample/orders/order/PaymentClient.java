package dev.evenkeel.sample.orders.order;

import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.sample.orders.service.OfOrders;
import java.net.http.HttpClient;
import java.time.Duration;
import org.springframework.core.env.Environment;
import org.springframework.http.MediaType;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;

/**
 * The payment service as its callers see it: HTTP at {@code orders.payments.url}, or this process
 * itself where that is empty. Whether a call that fails has taken effect, nobody knows here; the
 * key makes repeating it harmless. No call takes longer than a step may.
 */
@Component
@OfOrders
class PaymentClient {

  private static final String PATH = "/customers/{customerId}/payments/{key}";
  private static final Duration CONNECTED = Duration.ofSeconds(1);
  private static final Duration ANSWERED = Duration.ofSeconds(3);

  private final RestClient http;
  private final Environment environment;

  PaymentClient(Environment environment) {
    this.environment = environment;
    JdkClientHttpRequestFactory requests =
        new JdkClientHttpRequestFactory(HttpClient.newBuilder().connectTimeout(CONNECTED).build());
    requests.setReadTimeout(ANSWERED);
    this.http = RestClient.builder().requestFactory(requests).build();
  }

  /** The body of a charge: money as a decimal string. */
  private record Charge(String orderId, String amount) {}

  /**
   * Charges the customer of an order once.
   *
   * @throws org.springframework.web.client.RestClientException if it is not known to be charged
   */
  void charge(IdempotencyKey key, PlaceOrder order) {
    http.put()
        .uri(root() + PATH, order.customerId(), key.value())
        .contentType(MediaType.APPLICATION_JSON)
        .body(new Charge(order.orderId().toString(), order.total().toPlainString()))
        .retrieve()
        .toBodilessEntity();
  }

  /** Gives back what was charged; a charge that comes later is refused. */
  void cancel(IdempotencyKey key, PlaceOrder order) {
    http.delete()
        .uri(root() + PATH + "?orderId={orderId}", order.customerId(), key.value(), order.orderId())
        .retrieve()
        .toBodilessEntity();
  }

  /** The own port is known when the web server has started, and sagas run after that. */
  private String root() {
    String url = environment.getProperty("orders.payments.url", "");
    return url.isBlank()
        ? "http://localhost:" + environment.getRequiredProperty("local.server.port")
        : url;
  }
}
