package dev.evenkeel.sample.orders.payment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.sample.orders.HttpApi;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Payments as their callers see them: what a key promises. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class PaymentsIT {

  @LocalServerPort private int port;
  private HttpApi http;

  private final UUID order = UUID.randomUUID();
  private final String path = "/customers/5001/payments/" + UUID.randomUUID() + ":charge:0";

  @BeforeEach
  void connect() {
    http = new HttpApi(port);
  }

  private HttpResponse<String> charge(String amount) throws Exception {
    return http.put(path, "{\"orderId\": \"%s\", \"amount\": \"%s\"}".formatted(order, amount));
  }

  private int cancel() throws Exception {
    return http.delete(path + "?orderId=" + order).statusCode();
  }

  @Test
  void aKeyIsChargedOnce() throws Exception {
    HttpResponse<String> first = charge("12.5");
    HttpResponse<String> second = charge("12.50");

    assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
    assertThat(HttpApi.json(first).get("amount").asString()).isEqualTo("12.50");
    assertThat(second.body()).isEqualTo(first.body()).isEqualTo(http.get(path).body());
  }

  @Test
  void whatIsVoidedStaysVoided() throws Exception {
    charge("1.00");

    assertThat(cancel()).isEqualTo(204);
    assertThat(cancel()).isEqualTo(204);

    assertThat(charge("1.00").statusCode()).isEqualTo(409);
    assertThat(http.get(path).body()).contains("\"amount\":\"1.00\"", "\"voided\":true");
  }

  @Test
  void aChargeThatComesAfterItsVoidIsRefused() throws Exception {
    assertThat(cancel()).isEqualTo(204);

    HttpResponse<String> late = charge("1.00");

    assertThat(late.statusCode()).isEqualTo(409);
    assertThat(HttpApi.json(late).get("detail").asString()).contains("was voided");
    assertThat(http.get(path).body()).doesNotContain("amount");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0.00", "-1.00", "1.001", "1e3", ""})
  void mistakenAmountsChargeNothing(String amount) throws Exception {
    assertThat(charge(amount).statusCode()).isEqualTo(400);

    assertThat(http.get(path).statusCode()).isEqualTo(404);
  }
}
