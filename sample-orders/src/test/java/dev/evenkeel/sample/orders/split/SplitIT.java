package dev.evenkeel.sample.orders.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.SampleOrdersApplication;
import dev.evenkeel.sample.orders.audit.AuditReport;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/**
 * Three services with a database each: the saga of the one process, step by step the same. After
 * each test the audit over the three databases is clean.
 */
class SplitIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Map<String, HttpApi> HTTP = new TreeMap<>();
  private static final List<ConfigurableApplicationContext> RUNNING = new ArrayList<>();
  private static Services services;

  @BeforeAll
  static void start() {
    services = new Services();
    for (String name : Services.NAMES) {
      ConfigurableApplicationContext application =
          new SpringApplication(SampleOrdersApplication.class)
              .run(services.arguments(name, "--server.port=0").toArray(String[]::new));
      RUNNING.add(application);
      int port = ((WebServerApplicationContext) application).getWebServer().getPort();
      services.listens(name, port);
      HTTP.put(name, new HttpApi(port));
    }
  }

  @AfterAll
  static void stop() {
    RUNNING.forEach(ConfigurableApplicationContext::close);
    services.close();
  }

  private static HttpApi customers() {
    return HTTP.get("customers");
  }

  private static HttpApi orders() {
    return HTTP.get("orders");
  }

  private static HttpApi warehouses() {
    return HTTP.get("warehouses");
  }

  @AfterEach
  void everythingAddsUp() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(services.audit()).isEqualTo(new AuditReport(true, List.of())));
  }

  @Test
  void anOrderIsShippedByServicesThatKnowOnlyEachOthersCommands() throws Exception {
    stock("SPLIT-1", 10);
    stock("SPLIT-2", 10);

    UUID order = place(2001, line("SPLIT-1", 2, "10.00"), line("SPLIT-2", 3, "5.00"));
    becomes(order, "SHIPPED");

    assertThat(warehouses().get("/stock/SPLIT-1").body()).isEqualTo(level(8));
    assertThat(warehouses().get("/stock/SPLIT-2").body()).isEqualTo(level(7));
    assertThat(customers().get("/customers/2001").body())
        .contains("\"reserved\":\"0.00\"", "\"used\":\"35.00\"");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(customers().get("/customers/2001/summary").body())
                    .isEqualTo("{\"orderCount\":1,\"total\":\"35.00\"}"));
    assertThat(charged(order)).containsExactly("35.00");
    assertThat(rows("orders", "payment")).isZero();
    assertThat(rows("orders", "stock_entry") + rows("orders", "credit_entry")).isZero();
    assertThat(rows("warehouses", "orders") + rows("customers", "orders")).isZero();
  }

  /** What stands, of an order. */
  private static List<String> charged(UUID order) {
    return services
        .sql("customers")
        .queryForList(
            "SELECT amount FROM payment WHERE order_id = ? AND voided_at IS NULL",
            String.class,
            order);
  }

  private static long rows(String service, String table) {
    Long rows = services.sql(service).queryForObject("SELECT count(*) FROM " + table, Long.class);
    return rows == null ? 0 : rows;
  }

  @Test
  void whatOneServiceRefusesTheOthersTakeBack() throws Exception {
    stock("SPLIT-3", 10);
    stock("SPLIT-4", 1);
    customers().put("/customers/2003", "{\"creditLimit\": \"9.99\"}");

    UUID poor = place(2003, line("SPLIT-3", 1, "10.00"));
    UUID missing = place(2004, line("SPLIT-3", 1, "1.00"), line("SPLIT-4", 2, "1.00"));

    assertThat(becomes(poor, "CANCELLED").get("reason").asString())
        .isEqualTo(
            "REFUSED: Customer 2003 has 9.99 of credit available, and the order needs 10.00");
    assertThat(becomes(missing, "CANCELLED").get("reason").asString())
        .isEqualTo("REFUSED: 1 of SPLIT-4 are available, and the order needs 2");
    assertThat(warehouses().get("/stock/SPLIT-3").body()).isEqualTo(level(10));
    assertThat(warehouses().get("/stock/SPLIT-4").body()).isEqualTo(level(1));
    assertThat(customers().get("/customers/2004").body())
        .contains("\"reserved\":\"0.00\"", "\"used\":\"0.00\"");
  }

  @Test
  void aLargeOrderWaitsHoldingWhatOthersReservedForIt() throws Exception {
    stock("SPLIT-5", 10);
    customers().put("/customers/2005", "{\"creditLimit\": \"5000.00\"}");
    UUID approved = place(2005, line("SPLIT-5", 1, "1000.01"));
    UUID rejected = place(2005, line("SPLIT-5", 2, "1000.01"));
    becomes(approved, "AWAITING_APPROVAL");
    becomes(rejected, "AWAITING_APPROVAL");
    assertThat(warehouses().get("/stock/SPLIT-5").body()).contains("\"reserved\":3");

    assertThat(orders().postTo("/orders/" + approved + "/approve").statusCode()).isEqualTo(202);
    assertThat(orders().postTo("/orders/" + rejected + "/cancel").statusCode()).isEqualTo(202);

    becomes(approved, "SHIPPED");
    becomes(rejected, "CANCELLED");
    assertThat(warehouses().get("/stock/SPLIT-5").body()).isEqualTo(level(9));
  }

  @Test
  void eachServiceAnswersForItsOwn() throws Exception {
    assertThat(customers().get("/customers/1").statusCode()).isEqualTo(200);
    assertThat(warehouses().get("/stock/BOOK-1").body()).contains("\"onHand\":1000");
    for (String path : List.of("/customers/1", "/stock/BOOK-1", "/audit")) {
      assertThat(orders().get(path).statusCode()).as(path).isEqualTo(404);
    }
    assertThat(warehouses().get("/orders?customerId=1").statusCode()).isEqualTo(404);
    for (HttpApi service : HTTP.values()) {
      assertThat(service.get("/actuator/health").body())
          .contains("\"evenkeelKafka\"")
          .doesNotContain("DEGRADED");
    }
  }

  // --- What tests say and ask

  private static UUID place(long customer, String... lines) throws Exception {
    HttpResponse<String> answer =
        orders()
            .post(
                "{\"customerId\": %d, \"lines\": [%s]}"
                    .formatted(customer, String.join(", ", lines)));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return UUID.fromString(HttpApi.json(answer).get("orderId").asString());
  }

  private static JsonNode becomes(UUID order, String status) {
    AtomicReference<JsonNode> found = new AtomicReference<>();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              found.set(HttpApi.json(orders().get("/orders/" + order)));
              assertThat(found.get().get("status").asString()).isEqualTo(status);
            });
    return found.get();
  }

  private static void stock(String sku, int onHand) throws Exception {
    assertThat(warehouses().put("/stock/" + sku, "{\"onHand\": %d}".formatted(onHand)).statusCode())
        .isEqualTo(200);
  }

  private static String line(String sku, int quantity, String price) {
    return "{\"sku\": \"%s\", \"quantity\": %d, \"unitPrice\": \"%s\"}"
        .formatted(sku, quantity, price);
  }

  private static String level(int onHand) {
    return "{\"onHand\":%d,\"reserved\":0,\"available\":%d}".formatted(onHand, onHand);
  }
}
