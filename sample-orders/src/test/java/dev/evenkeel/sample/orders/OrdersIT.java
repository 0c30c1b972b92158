package dev.evenkeel.sample.orders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

/** The application over HTTP, on its own PostgreSQL, with relay and handlers as a user has them. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class OrdersIT {

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  @Autowired private JdbcClient database;
  @LocalServerPort private int port;
  private HttpApi http;

  @BeforeEach
  void connect() {
    http = new HttpApi(port);
  }

  @Test
  void placedOrderIsAnsweredAndFoundAgain() throws Exception {
    HttpResponse<String> placed =
        http.post(
            """
            {"customerId": 7, "lines": [{"sku": "BOOK-1", "quantity": 2, "unitPrice": "19.90"},
                                        {"sku": "PEN-3", "quantity": 1, "unitPrice": "5"}]}
            """);

    assertThat(placed.statusCode()).isEqualTo(201);
    JsonNode order = HttpApi.json(placed);
    assertThat(order.get("orderId").isString()).isTrue();
    assertThat(order.get("customerId").asLong()).isEqualTo(7);
    assertThat(order.get("status").asString()).isEqualTo("PLACED");
    assertThat(order.get("total")).isEqualTo(HttpApi.text("44.80"));
    assertThat(order.at("/lines/0/sku")).isEqualTo(HttpApi.text("BOOK-1"));
    assertThat(order.at("/lines/1/unitPrice")).isEqualTo(HttpApi.text("5.00"));

    String location = placed.headers().firstValue("Location").orElseThrow();
    assertThat(location).endsWith("/orders/" + order.get("orderId").asString());
    assertThat(HttpApi.json(http.getAbsolute(location))).isEqualTo(order);
  }

  @Test
  void concurrentOrdersAreEachCountedOnce() throws Exception {
    List<Long> customers = List.of(101L, 102L, 103L);
    Map<Long, BigDecimal> totals = new HashMap<>();
    Map<Long, Integer> counts = new HashMap<>();
    List<Callable<Integer>> requests = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      long customer = customers.get(i % customers.size());
      String price = "%d.%02d".formatted(10 + i, i);
      totals.merge(customer, new BigDecimal(price), BigDecimal::add);
      counts.merge(customer, 1, Integer::sum);
      requests.add(() -> http.post(order(customer, "BOOK-1", "1", price)).statusCode());
    }

    ExecutorService callers = Executors.newFixedThreadPool(16);
    try {
      for (Future<Integer> answer : callers.invokeAll(requests)) {
        assertThat(answer.get()).isEqualTo(201);
      }
    } finally {
      callers.shutdownNow();
    }

    for (long customer : customers) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                JsonNode summary = HttpApi.json(http.get("/customers/" + customer + "/summary"));
                assertThat(summary.get("orderCount").asInt()).isEqualTo(counts.get(customer));
                assertThat(summary.get("total").asString())
                    .isEqualTo(totals.get(customer).toPlainString());
              });
    }
    assertThat(
            database
                .sql(
                    """
                    SELECT count(*) - count(DISTINCT message_id)
                      FROM evenkeel.inbox WHERE consumer = 'customer-summary'
                    """)
                .query(Long.class)
                .single())
        .isZero();
  }

  @Test
  void ordersOfACustomerComeNewestFirstAndBounded() throws Exception {
    for (String price : List.of("1.00", "2.00", "3.00")) {
      http.post(order(201, "PEN-3", "1", price));
    }

    JsonNode orders = HttpApi.json(http.get("/orders?customerId=201&limit=2"));

    assertThat(orders)
        .extracting(order -> order.get("total").asString())
        .containsExactly("3.00", "2.00");
  }

  @Test
  void unknownCustomerHasOrderedNothing() throws Exception {
    JsonNode summary = HttpApi.json(http.get("/customers/999999/summary"));

    assertThat(summary.get("orderCount").asInt()).isZero();
    assertThat(summary.get("total")).isEqualTo(HttpApi.text("0.00"));
    assertThat(HttpApi.json(http.get("/orders?customerId=999999"))).isEmpty();
  }

  /** A body that must be refused. */
  record BadOrder(String what, String body, String field) {
    @Override
    public String toString() {
      return what;
    }
  }

  static List<BadOrder> badOrders() {
    String tooMany = line("A", "1", "\"1.00\"") + (", " + line("A", "1", "\"1.00\"")).repeat(100);
    return List.of(
        new BadOrder("no body", "", ""),
        new BadOrder("malformed", "{\"customerId\": 7, \"lines\": [", ""),
        new BadOrder("not an object", "[]", ""),
        new BadOrder("JSON null", "null", ""),
        new BadOrder("something after it", order(7, "A", "1", "1.00") + " {}", ""),
        new BadOrder("empty object", "{}", "customerId"),
        new BadOrder("no lines", "{\"customerId\": 7}", "lines"),
        new BadOrder("lines empty", body("7", ""), "lines"),
        new BadOrder("lines not an array", "{\"customerId\": 7, \"lines\": 3}", "lines"),
        new BadOrder("null line", body("7", "null"), "lines[0]"),
        new BadOrder("101 lines", body("7", tooMany), "lines"),
        new BadOrder("unknown field", "{\"customerId\": 7, \"lines\": [], \"x\": 1}", "x"),
        new BadOrder(
            "unknown field in a line",
            body("7", "{\"sku\": \"A\", \"quantity\": 1, \"unitPrice\": \"1\", \"tax\": 1}"),
            "lines[0].tax"),
        new BadOrder("field twice", "{\"customerId\": 7, \"customerId\": 8, \"lines\": []}", ""),
        new BadOrder("customer 0", body("0", line("A", "1", "\"1.00\"")), "customerId"),
        new BadOrder("customer null", body("null", line("A", "1", "\"1.00\"")), "customerId"),
        new BadOrder("customer text", body("\"x\"", line("A", "1", "\"1.00\"")), "customerId"),
        new BadOrder("customer fraction", body("7.5", line("A", "1", "\"1.00\"")), "customerId"),
        new BadOrder("customer huge", body("9".repeat(25), line("A", "1", "\"1\"")), "customerId"),
        new BadOrder("quantity 0", body("7", line("A", "0", "\"1.00\"")), "lines[0].quantity"),
        new BadOrder("quantity -1", body("7", line("A", "-1", "\"1.00\"")), "lines[0].quantity"),
        new BadOrder("quantity 1001", body("7", line("A", "1001", "\"1\"")), "lines[0].quantity"),
        new BadOrder("quantity 1.5", body("7", line("A", "1.5", "\"1\"")), "lines[0].quantity"),
        new BadOrder("quantity true", body("7", line("A", "true", "\"1\"")), "lines[0].quantity"),
        new BadOrder(
            "three decimals", body("7", line("A", "1", "\"1.005\"")), "lines[0].unitPrice"),
        new BadOrder("price 0", body("7", line("A", "1", "\"0.00\"")), "lines[0].unitPrice"),
        new BadOrder("price -1", body("7", line("A", "1", "\"-1.00\"")), "lines[0].unitPrice"),
        new BadOrder("price 1e3", body("7", line("A", "1", "\"1e3\"")), "lines[0].unitPrice"),
        new BadOrder("price NaN", body("7", line("A", "1", "\"NaN\"")), "lines[0].unitPrice"),
        new BadOrder(
            "price too high", body("7", line("A", "1", "\"1000000\"")), "lines[0].unitPrice"),
        new BadOrder("price null", body("7", line("A", "1", "null")), "lines[0].unitPrice"),
        new BadOrder("price true", body("7", line("A", "1", "true")), "lines[0].unitPrice"),
        new BadOrder("sku blank", body("7", line("", "1", "\"1.00\"")), "lines[0].sku"),
        new BadOrder("sku small", body("7", line("book", "1", "\"1.00\"")), "lines[0].sku"),
        new BadOrder(
            "second line bad",
            body("7", line("A", "1", "\"1.00\"") + ", " + line("B", "-2", "\"1.00\"")),
            "lines[1].quantity"));
  }

  @ParameterizedTest
  @MethodSource("badOrders")
  void badOrderIsRefusedWithNothingWritten(BadOrder bad) throws Exception {
    List<Long> before = rowCounts();

    HttpResponse<String> answer = http.post(bad.body());

    assertProblem(answer, 400);
    if (!bad.field().isEmpty()) {
      assertThat(StreamSupport.stream(HttpApi.json(answer).get("errors").spliterator(), false))
          .extracting(error -> error.get("field").asString())
          .contains(bad.field());
    }
    assertThat(rowCounts()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "/orders/not-an-id, 400",
    "/orders/019a0000-0000-7000-8000-000000000000, 404",
    "/orders, 400",
    "/orders?customerId=x, 400",
    "/orders?customerId=-1, 400",
    "/orders?customerId=7&limit=0, 400",
    "/orders?customerId=7&limit=201, 400",
    "/customers/x/summary, 400",
    "/customers/0/summary, 400",
    "/nowhere, 404"
  })
  void badQuestionIsAnsweredByAProblem(String path, int status) throws Exception {
    assertProblem(http.get(path), status);
  }

  @Test
  void otherMediaTypeIsAnsweredByAProblem() throws Exception {
    assertProblem(http.post("customerId=7", "application/x-www-form-urlencoded"), 415);
  }

  @Test
  void livePageIsToldOfEachStation() throws Exception {
    String orderId =
        HttpApi.json(http.post(order(301, "LAMP-2", "1", "64.00"))).get("orderId").asString();

    List<String> stations =
        http.liveEvents(
            "station",
            event -> event.get("orderId").asString().equals(orderId),
            event -> event.get("name").asString(),
            3);

    assertThat(stations).containsExactlyInAnyOrder("COMMITTED", "PUBLISHED", "HANDLED");
    assertThat(http.get("/").body()).contains("Place an order");
  }

  private static void assertProblem(HttpResponse<String> answer, int status) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    JsonNode problem = HttpApi.json(answer);
    assertThat(problem.get("status").asInt()).isEqualTo(status);
    assertThat(problem.get("title").asString()).isNotBlank();
    assertThat(problem.get("detail").asString()).isNotBlank();
  }

  /** Nothing else writes orders while a test of this class runs; the inbox may still be filling. */
  private List<Long> rowCounts() {
    return List.of("orders", "order_line", "evenkeel.outbox").stream()
        .map(table -> database.sql("SELECT count(*) FROM " + table).query(Long.class).single())
        .toList();
  }

  private static String order(long customer, String sku, String quantity, String price) {
    return body(String.valueOf(customer), line(sku, quantity, '"' + price + '"'));
  }

  private static String body(String customer, String lines) {
    return "{\"customerId\": %s, \"lines\": [%s]}".formatted(customer, lines);
  }

  private static String line(String sku, String quantity, String price) {
    return "{\"sku\": \"%s\", \"quantity\": %s, \"unitPrice\": %s}".formatted(sku, quantity, price);
  }
}
