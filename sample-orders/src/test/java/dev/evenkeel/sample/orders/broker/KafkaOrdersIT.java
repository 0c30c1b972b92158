package dev.evenkeel.sample.orders.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.spi.Transport;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.ActiveProfiles;

/** The application with profile {@code kafka}: its sagas and events by way of a real broker. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@ActiveProfiles("kafka")
@DirtiesContext // ends the broker with the class
class KafkaOrdersIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Autowired private Transport transport;
  @LocalServerPort private int port;
  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void orderIsConfirmedAndCountedByWayOfKafka() throws Exception {
    assertThat(transport.name()).isEqualTo("kafka");
    HttpRequest order =
        HttpRequest.newBuilder(uri("/orders"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    """
                    {"customerId": 4711, "lines": [{"sku": "BOOK-1", "quantity": 2, "unitPrice": "19.90"}]}
                    """))
            .build();

    assertThat(client.send(order, BodyHandlers.ofString()).statusCode()).isEqualTo(202);

    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(
            () ->
                assertThat(get("/customers/4711/summary"))
                    .isEqualTo("{\"orderCount\":1,\"total\":\"39.80\"}"));
    assertThat(get("/actuator/health")).contains("\"evenkeelKafka\"").doesNotContain("DEGRADED");
  }

  private String get(String path) throws IOException, InterruptedException {
    return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString()).body();
  }

  private URI uri(String path) {
    return URI.create("http://localhost:" + port + path);
  }
}
