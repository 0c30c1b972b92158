package dev.evenkeel.sample.orders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.sample.orders.order.OrderConfirmed;
import dev.evenkeel.sample.orders.order.OrderPlaced;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.ShardTransactions;
import dev.evenkeel.shard.id.SlotIds;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
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
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The application over HTTP, on its own three shards, with relays and handlers as a user has them.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class OrdersIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Autowired private JdbcClient database;
  @Autowired private ShardTransactions shards;
  @Autowired private ShardRouter router;
  @Autowired private ApplicationEventPublisher events;
  @LocalServerPort private int port;
  private HttpApi http;

  @BeforeEach
  void connect() {
    http = new HttpApi(port);
  }

  @Test
  void placedOrderIsAnsweredAndFoundAtOnce() throws Exception {
    HttpResponse<String> placed =
        http.post(
            """
            {"customerId": 7, "lines": [{"sku": "BOOK-5", "quantity": 2, "unitPrice": "19.90"},
                                        {"sku": "PEN-3", "quantity": 1, "unitPrice": "5"}]}
            """);

    assertThat(placed.statusCode()).isEqualTo(202);
    JsonNode order = HttpApi.json(placed);
    assertThat(order.get("orderId").isString()).isTrue();
    assertThat(order.get("sagaId").isString()).isTrue();
    assertThat(order.get("customerId").asLong()).isEqualTo(7);
    assertThat(order.get("status").asString()).isEqualTo("PENDING");
    assertThat(order.get("total")).isEqualTo(HttpApi.text("44.80"));
    assertThat(order.at("/lines/0/sku")).isEqualTo(HttpApi.text("BOOK-5"));
    assertThat(order.at("/lines/1/unitPrice")).isEqualTo(HttpApi.text("5.00"));

    String location = placed.headers().firstValue("Location").orElseThrow();
    assertThat(location).endsWith("/orders/" + order.get("orderId").asString());
    assertThat(unmoved(HttpApi.json(http.getAbsolute(location)))).isEqualTo(unmoved(order));
  }

  @Test
  void concurrentOrdersAreEachCountedOnce() throws Exception {
    List<Long> customers = List.of(101L, 102L, 103L);
    Map<Long, BigDecimal> totals = new HashMap<>();
    Map<Long, Integer> counts = new HashMap<>();
    List<Callable<Integer>> requests = new ArrayList<>();
    http.put("/stock/MANY-1", "{\"onHand\": 50}");
    for (int i = 0; i < 50; i++) {
      long customer = customers.get(i % customers.size());
      String price = "%d.%02d".formatted(10 + i, i);
      totals.merge(customer, new BigDecimal(price), BigDecimal::add);
      counts.merge(customer, 1, Integer::sum);
      requests.add(() -> http.post(order(customer, "MANY-1", "1", price)).statusCode());
    }

    ExecutorService callers = Executors.newFixedThreadPool(16);
    try {
      for (Future<Integer> answer : callers.invokeAll(requests)) {
        assertThat(answer.get()).isEqualTo(202);
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
            everywhere(
                """
                SELECT message_id FROM evenkeel.inbox WHERE consumer = 'customer-summary'
                """,
                UUID.class))
        .doesNotHaveDuplicates();
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
    "/orders/6b1c2e1e-5d3f-4b3a-9a53-0d2f6a1b7c11, 404",
    "/orders/00000000-0000-0000-0000-000000000000, 404",
    "/orders, 400",
    "/orders?customerId=x, 400",
    "/orders?customerId=-1, 400",
    "/orders?customerId=7&limit=0, 400",
    "/orders?customerId=7&limit=201, 400",
    "/customers/x/summary, 400",
    "/customers/0/summary, 400",
    "/customers/x, 400",
    "/customers/-1, 400",
    "/customers/9007199254740992, 400",
    "/stock/book, 400",
    "/stock/-A, 400",
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
    http.put("/stock/LAMP-2", "{\"onHand\": 5}");
    String orderId =
        HttpApi.json(http.post(order(301, "LAMP-2", "1", "64.00"))).get("orderId").asString();

    assertThat(
            http.liveEvents(
                "order",
                event -> event.get("orderId").asString().equals(orderId),
                event -> event.get("shard").asString(),
                1))
        .containsExactly(shardOf(301));
    assertThat(
            http.liveEvents(
                "shards", event -> true, event -> event.at("/shards/2/name").asString(), 1))
        .containsExactly("c");
    List<String> stations =
        http.liveEvents(
            "station",
            event -> event.get("orderId").asString().equals(orderId),
            event -> event.get("name").asString(),
            3);

    assertThat(stations).containsExactlyInAnyOrder("COMMITTED", "PUBLISHED", "HANDLED");
    assertThat(http.get("/").body()).contains("Place an order");
  }

  @Test
  void threeShardsShareTheSlots() throws Exception {
    JsonNode answer = HttpApi.json(http.get("/shards"));

    assertThat(answer)
        .extracting(shard -> shard.get("name").asString())
        .containsExactly("a", "b", "c");
    assertThat(answer).extracting(shard -> shard.get("state").asString()).containsOnly("UP");
    assertThat(answer)
        .extracting(shard -> shard.get("slots").asInt())
        .allMatch(slots -> slots >= 1365)
        .satisfies(slots -> assertThat(slots.stream().mapToInt(i -> i).sum()).isEqualTo(4096));
  }

  @Test
  void anOrderLiesOnItsCustomersShardAndItsIdSaysTheSlot() throws Exception {
    Set<String> used = new HashSet<>();
    for (long customer = 401; customer <= 412; customer++) {
      JsonNode order = HttpApi.json(http.post(order(customer, "BOOK-5", "1", "10.00")));
      UUID id = UUID.fromString(order.get("orderId").asString());
      int slot = SlotHash.slotOf(String.valueOf(customer));
      String shard = shardOf(customer);
      used.add(shard);

      assertThat(SlotIds.slotOf(id)).isEqualTo(slot);
      Map<String, List<Integer>> slots =
          shards
              .onEveryShard(
                  () ->
                      database
                          .sql(
                              """
                              SELECT slot FROM orders WHERE id = :id
                              UNION ALL SELECT slot FROM order_line WHERE order_id = :id
                              """)
                          .param("id", id)
                          .query(Integer.class)
                          .list())
              .answers();
      assertThat(slots).containsOnlyKeys("a", "b", "c").containsEntry(shard, List.of(slot, slot));
      assertThat(slots.values().stream().mapToInt(List::size).sum()).isEqualTo(2);
      assertThat(unmoved(HttpApi.json(http.get("/orders/" + id)))).isEqualTo(unmoved(order));
    }
    assertThat(used).containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void theReadModelFollowsTheCustomerWhereverTheEventComesFrom() throws Exception {
    long customer = 501;
    long neighbour =
        LongStream.iterate(502, c -> c + 1)
            .filter(c -> !shardOf(c).equals(shardOf(customer)))
            .findFirst()
            .orElseThrow();

    shards.inShard(
        neighbour,
        () ->
            events.publishEvent(
                new OrderConfirmed(
                    SlotIds.next(7), customer, new BigDecimal("12.30"), Instant.EPOCH)));

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        HttpApi.json(http.get("/customers/" + customer + "/summary")).get("total"))
                    .isEqualTo(HttpApi.text("12.30")));
    assertThat(
            shards.inShard(
                customer,
                () ->
                    database
                        .sql("SELECT slot FROM customer_summary WHERE customer_id = ?")
                        .param(customer)
                        .query(Integer.class)
                        .single()))
        .isEqualTo(SlotHash.slotOf(String.valueOf(customer)));
  }

  @Test
  void anEventFromBeforeTheSagasIsStillCounted() throws Exception {
    shards.inShard(
        504L,
        () ->
            events.publishEvent(
                new OrderPlaced(SlotIds.next(7), 504, new BigDecimal("3.20"), Instant.EPOCH)));

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(HttpApi.json(http.get("/customers/504/summary")).get("total"))
                    .isEqualTo(HttpApi.text("3.20")));
  }

  @Test
  void aNewInstallationHasCustomersAndArticles() throws Exception {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        everywhere(
                            "SELECT customer_id FROM customer WHERE customer_id <= 10", Long.class))
                    .containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L));
    for (int number = 1; number <= 4; number++) {
      assertThat(http.get("/stock/BOOK-" + number).body())
          .isEqualTo("{\"onHand\":1000,\"reserved\":0,\"available\":1000}");
    }
    assertThat(http.get("/customers/10").body()).isEqualTo(credit("1000.00", "1000.00"));
  }

  @Test
  void aCreditLimitIsSetByADifference() throws Exception {
    assertThat(http.get("/customers/601").body())
        .as("not known")
        .isEqualTo(credit("1000.00", "1000.00"));
    for (String limit : List.of("100.00", "100.00", "250.5", "0")) {
      HttpResponse<String> answer =
          http.put("/customers/601", "{\"creditLimit\": \"%s\"}".formatted(limit));

      assertThat(answer.statusCode()).isEqualTo(200);
      String shown = new BigDecimal(limit).setScale(2).toPlainString();
      assertThat(answer.body()).isEqualTo(credit(shown, shown));
      assertThat(http.get("/customers/601").body()).isEqualTo(answer.body());
    }
    assertThat(
            everywhere(
                "SELECT delta FROM credit_entry WHERE customer_id = 601 ORDER BY entry_number",
                BigDecimal.class))
        .extracting(BigDecimal::toPlainString)
        .containsExactly("1000.00", "-900.00", "150.50", "-250.50");
  }

  @Test
  void concurrentLimitsEndAtOneOfThem() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(8);
    List<Callable<Integer>> requests = new ArrayList<>();
    for (int i = 1; i <= 40; i++) {
      String body = "{\"creditLimit\": \"%d\"}".formatted(i * 100);
      requests.add(() -> http.put("/customers/602", body).statusCode());
    }
    try {
      for (Future<Integer> answer : callers.invokeAll(requests)) {
        assertThat(answer.get()).isEqualTo(200);
      }
    } finally {
      callers.shutdownNow();
    }

    BigDecimal limit =
        new BigDecimal(HttpApi.json(http.get("/customers/602")).get("creditLimit").asString());
    assertThat(limit.remainder(BigDecimal.valueOf(100))).isEqualByComparingTo(BigDecimal.ZERO);
    assertThat(limit).isBetween(BigDecimal.valueOf(100), BigDecimal.valueOf(4000));
  }

  @Test
  void stockIsWhatWasSaidLast() throws Exception {
    assertThat(http.get("/stock/VASE-1").body())
        .isEqualTo("{\"onHand\":0,\"reserved\":0,\"available\":0}");
    for (int onHand : List.of(10, 0, 7)) {
      HttpResponse<String> answer = http.put("/stock/VASE-1", "{\"onHand\": " + onHand + "}");

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body())
          .isEqualTo("{\"onHand\":%1$d,\"reserved\":0,\"available\":%1$d}".formatted(onHand));
      assertThat(http.get("/stock/VASE-1").body()).isEqualTo(answer.body());
    }
    assertThat(everywhere("SELECT slot FROM stock WHERE sku = 'VASE-1'", Integer.class))
        .containsExactly(SlotHash.slotOf("VASE-1"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/customers/603 | | ''",
        "/customers/603 | [] | ''",
        "/customers/603 | {} | creditLimit",
        "/customers/603 | {\"creditLimit\": null} | creditLimit",
        "/customers/603 | {\"creditLimit\": true} | creditLimit",
        "/customers/603 | {\"creditLimit\": \"-1.00\"} | creditLimit",
        "/customers/603 | {\"creditLimit\": \"1.005\"} | creditLimit",
        "/customers/603 | {\"creditLimit\": \"1e3\"} | creditLimit",
        "/customers/603 | {\"creditLimit\": \"NaN\"} | creditLimit",
        "/customers/603 | {\"creditLimit\": \"\"} | creditLimit",
        "/customers/603 | {\"creditLimit\": \"1000000000\"} | creditLimit",
        "/customers/603 | {\"creditLimit\": \"1\", \"used\": \"0\"} | used",
        "/customers/0 | {\"creditLimit\": \"1\"} | customerId",
        "/customers/x | {\"creditLimit\": \"1\"} | ''",
        "/stock/VASE-2 | {} | onHand",
        "/stock/VASE-2 | {\"onHand\": null} | onHand",
        "/stock/VASE-2 | {\"onHand\": -1} | onHand",
        "/stock/VASE-2 | {\"onHand\": 1.5} | onHand",
        "/stock/VASE-2 | {\"onHand\": \"10\"} | onHand",
        "/stock/VASE-2 | {\"onHand\": 1000000001} | onHand",
        "/stock/VASE-2 | {\"onHand\": 10, \"onHand\": 11} | ''",
        "/stock/vase | {\"onHand\": 1} | sku",
      })
  void badSettingIsRefusedWithNothingWritten(String path, String body, String field)
      throws Exception {
    List<Long> before = rowCounts();

    HttpResponse<String> answer = http.put(path, body == null ? "" : body);

    assertProblem(answer, 400);
    if (!field.isEmpty()) {
      assertThat(HttpApi.json(answer).get("errors"))
          .extracting(error -> error.get("field").asString())
          .contains(field);
    }
    assertThat(rowCounts()).isEqualTo(before);
  }

  /** An order without what its saga changes. */
  private static JsonNode unmoved(JsonNode order) {
    ObjectNode copy = ((ObjectNode) order).deepCopy();
    copy.remove(List.of("status", "reason"));
    return copy;
  }

  /** Of a customer who has spent nothing. */
  private static String credit(String limit, String available) {
    return "{\"creditLimit\":\"%s\",\"reserved\":\"0.00\",\"used\":\"0.00\",\"available\":\"%s\"}"
        .formatted(limit, available);
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
    return List.of("orders", "order_line", "evenkeel.outbox", "credit_entry", "stock").stream()
        .map(table -> everywhere("SELECT count(*) FROM " + table, Long.class))
        .map(counts -> counts.stream().mapToLong(Long::longValue).sum())
        .toList();
  }

  /** The rows of all shards. */
  private <T> List<T> everywhere(String sql, Class<T> type) {
    return shards.onEveryShard(() -> database.sql(sql).query(type).list()).all().stream()
        .flatMap(List::stream)
        .toList();
  }

  private String shardOf(long customer) {
    return router.shardOf(SlotHash.slotOf(String.valueOf(customer)));
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
