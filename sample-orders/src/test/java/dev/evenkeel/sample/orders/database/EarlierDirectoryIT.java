package dev.evenkeel.sample.orders.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.sample.orders.Migrations;
import dev.evenkeel.sample.orders.SampleOrdersApplication;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;

/** The application on one database: in a data folder from before the shards. */
class EarlierDirectoryIT {

  private static final String ORDER = "019a9e5c-3f40-71a3-9c1d-0123456789ab";

  @TempDir Path folder;

  @Test
  void ordersFromBeforeTheShardsStayInReach() {
    try (PostgresServer server =
        PostgresServer.builder().dataDirectory(folder.resolve("data")).start()) {
      DatabaseInfo earlier = server.createDatabase("orders");
      Migrations.run(earlier.dataSource(), "1");
      JdbcClient.create(earlier.dataSource())
          .sql(
              """
              INSERT INTO orders VALUES ('%1$s', 0, 7, 'PLACED', 19.90, now());
              INSERT INTO order_line VALUES ('%1$s', 0, 'BOOK-1', 1, 19.90);
              INSERT INTO customer_summary VALUES (7, 1, 19.90)
              """
                  .formatted(ORDER))
          .update();
    }

    try (ConfigurableApplicationContext application =
        SpringApplication.run(
            SampleOrdersApplication.class,
            "--server.port=0",
            "--orders.database.directory=" + folder.resolve("data"))) {
      RestClient http =
          RestClient.create(
              "http://localhost:"
                  + ((WebServerApplicationContext) application).getWebServer().getPort());

      assertThat(http.get().uri("/orders/" + ORDER).retrieve().body(String.class))
          .contains("\"total\":\"19.90\"");
      assertThat(http.get().uri("/shards").retrieve().body(String.class))
          .isEqualTo("[{\"name\":\"home\",\"state\":\"UP\",\"slots\":4096}]");
      assertThat(http.get().uri("/stock/BOOK-1").retrieve().body(String.class))
          .contains("\"onHand\":1000");
      assertThat(
              application
                  .getBean(JdbcClient.class)
                  .sql("SELECT slot FROM orders UNION SELECT slot FROM order_line")
                  .query(Integer.class)
                  .single())
          .isEqualTo(SlotHash.slotOf("7"));
      sagasWorkOnOneDatabase(http);
    }
  }

  private static void sagasWorkOnOneDatabase(RestClient http) {
    URI placed =
        http.post()
            .uri("/orders")
            .contentType(MediaType.APPLICATION_JSON)
            .body(
                """
                {"customerId": 8, "lines": [{"sku": "BOOK-2", "quantity": 1, "unitPrice": "1.00"}]}
                """)
            .retrieve()
            .toBodilessEntity()
            .getHeaders()
            .getLocation();

    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(http.get().uri(placed).retrieve().body(String.class))
                    .contains("\"status\":\"SHIPPED\""));
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(http.get().uri("/audit").retrieve().body(String.class))
                    .isEqualTo("{\"quiescent\":true,\"violations\":[]}"));
    assertThatThrownBy(
            () -> http.post().uri("/orders/" + ORDER + "/cancel").retrieve().toBodilessEntity())
        .isInstanceOf(HttpClientErrorException.Conflict.class)
        .hasMessageContaining("is PLACED and can't be cancelled");
  }
}
