package dev.evenkeel.sample.orders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.ShardTransactions;
import dev.evenkeel.shard.id.SlotIds;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Orders through their saga, over HTTP, on three shards. After each test the audit is clean: each
 * order went all the way, or all the way back.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class OrderSagasIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration APPROVAL_TIMEOUT = Duration.ofMinutes(20);

  @Autowired private JdbcClient database;
  @Autowired private ShardTransactions shards;
  @Autowired private ShardRouter router;
  @Autowired private VirtualTime time;

  @Autowired
  @Qualifier("evenkeelSagaLifecycle")
  private SmartLifecycle sagas;

  @LocalServerPort private int port;
  private HttpApi http;

  /** Lets a test wait for minutes in no time. */
  static final class VirtualTime implements TimeSource {

    private final AtomicReference<Duration> offset = new AtomicReference<>(Duration.ZERO);

    @Override
    public Duration offset() {
      return offset.get();
    }

    void pass(Duration duration) {
      offset.updateAndGet(duration::plus);
    }
  }

  @TestConfiguration
  static class Time {

    @Bean
    @Primary
    VirtualTime virtualTime() {
      return new VirtualTime();
    }
  }

  @BeforeEach
  void connect() {
    http = new HttpApi(port);
  }

  @AfterEach
  void everythingAddsUp() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(http.get("/audit").body())
                    .isEqualTo("{\"quiescent\":true,\"violations\":[]}"));
  }

  @Test
  void anOrderIsConfirmedAndShippedFromWhereItsArticlesLie() throws Exception {
    List<String> skus = oneOnEachShard("SHIP");
    for (String sku : skus) {
      stock(sku, 10);
    }

    UUID order =
        place(
            1001,
            line(skus.get(0), 1, "10.00"),
            line(skus.get(1), 2, "5.00"),
            line(skus.get(2), 3, "1.00"));
    JsonNode shipped = becomes(order, "SHIPPED");

    assertThat(shipped.has("reason")).isFalse();
    for (int i = 0; i < 3; i++) {
      assertThat(http.get("/stock/" + skus.get(i)).body()).isEqualTo(level(10 - (i + 1), 0));
    }
    assertThat(http.get("/customers/1001").body()).isEqualTo(credit("0.00", "23.00", "977.00"));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(http.get("/customers/1001/summary").body())
                    .isEqualTo("{\"orderCount\":1,\"total\":\"23.00\"}"));
    assertThat(changes(order)).containsExactly("PENDING", "CONFIRMED", "SHIPPED");
  }

  @Test
  void twoLinesOfOneArticleAreTwoSteps() throws Exception {
    stock("PAIR-1", 10);

    UUID order = place(1002, line("PAIR-1", 2, "1.00"), line("PAIR-1", 3, "1.00"));
    becomes(order, "SHIPPED");

    assertThat(http.get("/stock/PAIR-1").body()).isEqualTo(level(5, 0));
    assertThat(timeline(order, "ship", "DONE")).hasSize(2);
  }

  @Test
  void refusedCreditCancelsAndGivesTheStockBack() throws Exception {
    stock("DEAR-1", 10);
    http.put("/customers/1003", "{\"creditLimit\": \"9.99\"}");

    UUID order = place(1003, line("DEAR-1", 1, "10.00"));
    JsonNode cancelled = becomes(order, "CANCELLED");

    assertThat(cancelled.get("reason").asString())
        .isEqualTo(
            "REFUSED: Customer 1003 has 9.99 of credit available, and the order needs 10.00");
    assertThat(http.get("/stock/DEAR-1").body()).isEqualTo(level(10, 0));
    assertThat(http.get("/customers/1003").body())
        .isEqualTo(
            "{\"creditLimit\":\"9.99\",\"reserved\":\"0.00\",\"used\":\"0.00\",\"available\":\"9.99\"}");
    assertThat(http.get("/customers/1003/summary").body())
        .isEqualTo("{\"orderCount\":0,\"total\":\"0.00\"}");
    assertThat(timeline(order, "reserveCredit", "REFUSED")).hasSize(1);
  }

  @Test
  void missingStockCancelsAndGivesCreditAndOtherStockBack() throws Exception {
    List<String> skus = oneOnEachShard("SOLD");
    stock(skus.get(0), 10);
    stock(skus.get(1), 10);
    stock(skus.get(2), 1);

    UUID order =
        place(
            1004,
            line(skus.get(0), 1, "1.00"),
            line(skus.get(1), 1, "1.00"),
            line(skus.get(2), 2, "1.00"));
    JsonNode cancelled = becomes(order, "CANCELLED");

    assertThat(cancelled.get("reason").asString())
        .isEqualTo("REFUSED: 1 of %s are available, and the order needs 2".formatted(skus.get(2)));
    assertThat(http.get("/customers/1004").body()).isEqualTo(credit("0.00", "0.00", "1000.00"));
    assertThat(http.get("/stock/" + skus.get(0)).body()).isEqualTo(level(10, 0));
    assertThat(http.get("/stock/" + skus.get(1)).body()).isEqualTo(level(10, 0));
    assertThat(http.get("/stock/" + skus.get(2)).body()).isEqualTo(level(1, 0));
  }

  @Test
  void manyOrdersForTooFewPiecesSellEachPieceOnce() throws Exception {
    int pieces = 7;
    stock("RARE-1", pieces);
    List<UUID> orders = new ArrayList<>();
    for (JsonNode answer :
        concurrently(20, i -> HttpApi.json(http.post(body(1100 + i, line("RARE-1", 1, "1.00")))))) {
      orders.add(UUID.fromString(answer.get("orderId").asString()));
    }

    List<String> ends = new ArrayList<>();
    for (UUID order : orders) {
      ends.add(ended(order));
    }

    assertThat(ends).filteredOn("SHIPPED"::equals).hasSize(pieces);
    assertThat(ends).filteredOn("CANCELLED"::equals).hasSize(20 - pieces);
    assertThat(http.get("/stock/RARE-1").body()).isEqualTo(level(0, 0));
  }

  @Test
  void aLargeOrderWaitsUntilItIsApproved() throws Exception {
    UUID order = placeLarge(1005, "LARGE-1");

    becomes(order, "AWAITING_APPROVAL");
    assertThat(http.get("/customers/1005").body())
        .contains("\"reserved\":\"1000.01\"", "\"used\":\"0.00\"");
    assertThat(http.get("/stock/LARGE-1").body()).isEqualTo(level(10, 1));
    assertThat(http.get("/audit").body()).isEqualTo("{\"quiescent\":true,\"violations\":[]}");

    HttpResponse<String> approved = http.postTo("/orders/" + order + "/approve");

    assertThat(approved.statusCode()).as(approved.body()).isEqualTo(202);
    becomes(order, "SHIPPED");
    assertThat(changes(order))
        .containsExactly("PENDING", "AWAITING_APPROVAL", "CONFIRMED", "SHIPPED");
  }

  @Test
  void anOrderOfExactlyTheBoundNeedsNoApproval() throws Exception {
    stock("EVEN-1", 1);

    UUID order = place(1006, line("EVEN-1", 1, "1000.00"));
    becomes(order, "SHIPPED");

    assertThat(changes(order)).containsExactly("PENDING", "CONFIRMED", "SHIPPED");
  }

  @Test
  void aWaitingOrderIsCancelledForAReason() throws Exception {
    UUID order = placeLarge(1007, "LARGE-2");
    becomes(order, "AWAITING_APPROVAL");

    HttpResponse<String> answer =
        http.postTo("/orders/" + order + "/cancel", "{\"reason\": \"Ordered by mistake\"}");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    JsonNode cancelled = becomes(order, "CANCELLED");
    assertThat(cancelled.get("reason").asString())
        .startsWith("CANCELLED")
        .contains("Ordered by mistake");
    assertThat(http.get("/stock/LARGE-2").body()).isEqualTo(level(10, 0));
  }

  @Test
  void anOrderThatNobodyApprovesIsCancelled() throws Exception {
    UUID order = placeLarge(1008, "LARGE-3");
    becomes(order, "AWAITING_APPROVAL");

    time.pass(APPROVAL_TIMEOUT.minusMinutes(1));
    assertThat(status(order)).isEqualTo("AWAITING_APPROVAL");
    time.pass(Duration.ofMinutes(1));

    JsonNode cancelled = becomes(order, "CANCELLED");
    assertThat(cancelled.get("reason").asString()).startsWith("TIMEOUT");
    assertThat(http.get("/stock/LARGE-3").body()).isEqualTo(level(10, 0));
  }

  @Test
  void anOrderIsFoundAndCancelledBeforeItsSagaHasBegun() throws Exception {
    HttpResponse<String> placed;
    UUID order;
    sagas.stop();
    try {
      placed = http.post(body(1017, line("NONE-1", 1, "1.00")));
      order = UUID.fromString(HttpApi.json(placed).get("orderId").asString());

      assertThat(http.get("/orders/" + order).body()).isEqualTo(placed.body());
      assertThat(HttpApi.json(http.get("/orders?customerId=1017")).get(0))
          .isEqualTo(HttpApi.json(placed));
      assertThat(HttpApi.json(http.get("/audit")).get("quiescent").asBoolean()).isFalse();
      assertThat(http.postTo("/orders/" + order + "/cancel").statusCode()).isEqualTo(202);
    } finally {
      sagas.start();
    }

    JsonNode cancelled = becomes(order, "CANCELLED");
    assertThat(cancelled.get("reason").asString()).isEqualTo("CANCELLED: Cancelled on request");
    assertThat(changes(order)).as("register never took effect").isEmpty();
    assertThat(http.postTo("/orders/" + order + "/approve").statusCode()).isEqualTo(409);
  }

  @ParameterizedTest
  @ValueSource(strings = {"approve", "cancel"})
  void itIsTooLateWhenTheOrderHasEnded(String what) throws Exception {
    stock("LATE-1", 10);
    UUID shipped = place(1009, line("LATE-1", 1, "1.00"));
    UUID cancelled = place(1009, line("NONE-1", 1, "1.00"));
    becomes(shipped, "SHIPPED");
    becomes(cancelled, "CANCELLED");

    for (UUID order : List.of(shipped, cancelled)) {
      HttpResponse<String> answer = http.postTo("/orders/" + order + "/" + what);

      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(409);
      assertThat(HttpApi.json(answer).get("detail").asString()).contains(order.toString());
    }
    assertThat(status(shipped)).isEqualTo("SHIPPED");
    assertThat(status(cancelled)).isEqualTo("CANCELLED");
  }

  @Test
  void whatCanNotBeShippedYetIsNeverUndoneAndGoesOnWhenItCan() throws Exception {
    UUID order = placeLarge(1010, "GONE-1");
    becomes(order, "AWAITING_APPROVAL");
    stock("GONE-1", 0); // less than is reserved
    http.postTo("/orders/" + order + "/approve");
    becomes(order, "CONFIRMED");

    assertThat(http.postTo("/orders/" + order + "/cancel").statusCode()).isEqualTo(409);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(timeline(order, "ship", "FAILED")).isNotEmpty());
    stock("GONE-1", 5);

    becomes(order, "SHIPPED");
    assertThat(http.get("/stock/GONE-1").body()).isEqualTo(level(4, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"approve", "cancel", "timeline"})
  void nobodyKnowsAnUnknownOrder(String what) throws Exception {
    String path = "/orders/019a0000-0000-7000-8000-000000000000/" + what;
    HttpResponse<String> answer = what.equals("timeline") ? http.get(path) : http.postTo(path);

    assertThat(answer.statusCode()).isEqualTo(404);
  }

  @Test
  void theTimelineTellsEachStepInSentences() throws Exception {
    stock("TOLD-1", 10);
    UUID order = place(1011, line("TOLD-1", 1, "1.00"));
    becomes(order, "SHIPPED");

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(timeline(order).at("/state").asString()).isEqualTo("COMPLETED"));
    JsonNode timeline = timeline(order);
    assertThat(StreamSupport.stream(timeline.get("entries").spliterator(), false))
        .filteredOn(entry -> entry.path("kind").asString().equals("DONE"))
        .extracting(entry -> entry.get("step").asString())
        .containsExactlyInAnyOrder(
            "register",
            "reserveCredit",
            "reserveStock",
            "charge",
            "confirm",
            "useCredit",
            "ship",
            "markShipped");
    assertThat(timeline.get("entries"))
        .as("no step began before those it comes after")
        .extracting(entry -> entry.get("kind").asString())
        .doesNotContain("FAILED");
    assertThat(timeline.get("entries").toString())
        .contains(
            "register took effect at " + shardOf("1011"), "ship of line 1 took effect at shipping");
  }

  @Test
  void aKeyStandsForOneOrder() throws Exception {
    stock("ONCE-1", 10);
    String key = "once-" + UUID.randomUUID();
    String body = body(1012, line("ONCE-1", 1, "1.00"));

    Set<String> answers = Set.copyOf(concurrently(8, i -> http.postOnce(key, body).body()));

    assertThat(answers).as("the same answer to all").hasSize(1);
    String sameOrder = body.replace("\"1.00\"", "\"1\"").replace(" ", "  ");
    assertThat(http.postOnce(key, sameOrder).body()).isEqualTo(answers.iterator().next());
    JsonNode orders = HttpApi.json(http.get("/orders?customerId=1012"));
    assertThat(orders).hasSize(1);
    UUID order = UUID.fromString(orders.get(0).get("orderId").asString());
    becomes(order, "SHIPPED");
    assertThat(http.postOnce(key, body).body()).isEqualTo(answers.iterator().next());
    assertThat(http.get("/stock/ONCE-1").body()).isEqualTo(level(9, 0));
  }

  @Test
  void aKeyWithAnotherBodyIsRefusedAndStartsNothing() throws Exception {
    String key = "other-" + UUID.randomUUID();
    http.postOnce(key, body(1013, line("NONE-1", 1, "1.00")));

    HttpResponse<String> answer = http.postOnce(key, body(1013, line("NONE-1", 2, "1.00")));

    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(HttpApi.json(http.get("/orders?customerId=1013"))).hasSize(1);
  }

  /** What a process leaves behind that ends between the two transactions. */
  @Test
  void aRetryHealsAKeyWhoseOrderWasNeverStarted() throws Exception {
    String key = "healed-" + UUID.randomUUID();
    String body = body(1014, line("NONE-1", 1, "1.00"));
    UUID first = UUID.fromString(HttpApi.json(http.postOnce(key, body)).get("orderId").asString());
    ended(first);
    UUID lost = SlotIds.next(SlotHash.slotOf("1014"));
    shards.inShard(
        key,
        () ->
            database
                .sql("UPDATE idempotency_key SET order_id = ? WHERE key = ?")
                .params(lost, key)
                .update());
    assertThat(http.get("/orders/" + lost).statusCode()).isEqualTo(404);

    assertThat(HttpApi.json(http.postOnce(key, body)).get("orderId").asString())
        .isEqualTo(lost.toString());

    assertThat(ended(lost)).isEqualTo("CANCELLED");
  }

  @Test
  void anExpiredKeyIsAsGoodAsNone() throws Exception {
    String key = "expired-" + UUID.randomUUID();
    String first = http.postOnce(key, body(1015, line("NONE-1", 1, "1.00"))).body();
    shards.inShard(
        key,
        () ->
            database
                .sql(
                    "UPDATE idempotency_key SET reserved_at = now() - interval '25 hours' WHERE key = ?")
                .param(key)
                .update());

    HttpResponse<String> second = http.postOnce(key, body(1015, line("NONE-1", 2, "1.00")));

    assertThat(second.statusCode()).isEqualTo(202);
    assertThat(HttpApi.json(second).get("orderId"))
        .isNotEqualTo(JsonMapper.shared().readTree(first).get("orderId"));
  }

  @Test
  void aKeyIsBounded() throws Exception {
    String order = body(1016, line("NONE-1", 1, "1.00"));

    assertThat(http.postOnce("k".repeat(255), order).statusCode()).isEqualTo(202);
    HttpResponse<String> answer = http.postOnce("k".repeat(256), order);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(HttpApi.json(answer).at("/errors/0/message").asString()).contains("1 to 255");
  }

  // --- What tests say and ask

  private UUID place(long customer, String... lines) throws Exception {
    HttpResponse<String> answer = http.post(body(customer, lines));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return UUID.fromString(HttpApi.json(answer).get("orderId").asString());
  }

  /** One that needs approval, of 1,000.01, and has credit and stock for it. */
  private UUID placeLarge(long customer, String sku) throws Exception {
    stock(sku, 10);
    http.put("/customers/" + customer, "{\"creditLimit\": \"5000.00\"}");
    return place(customer, line(sku, 1, "1000.01"));
  }

  private void stock(String sku, int onHand) throws Exception {
    assertThat(http.put("/stock/" + sku, "{\"onHand\": %d}".formatted(onHand)).statusCode())
        .isEqualTo(200);
  }

  private JsonNode becomes(UUID order, String status) {
    AtomicReference<JsonNode> found = new AtomicReference<>();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              found.set(HttpApi.json(http.get("/orders/" + order)));
              assertThat(found.get().get("status").asString()).isEqualTo(status);
            });
    return found.get();
  }

  private String ended(UUID order) {
    await().atMost(PATIENCE).until(() -> Set.of("SHIPPED", "CANCELLED").contains(status(order)));
    try {
      return status(order);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private String status(UUID order) throws Exception {
    return HttpApi.json(http.get("/orders/" + order)).get("status").asString();
  }

  private JsonNode timeline(UUID order) throws Exception {
    return HttpApi.json(http.get("/orders/" + order + "/timeline"));
  }

  private List<JsonNode> timeline(UUID order, String step, String kind) throws Exception {
    return StreamSupport.stream(timeline(order).get("entries").spliterator(), false)
        .filter(entry -> entry.path("step").asString().equals(step))
        .filter(entry -> entry.get("kind").asString().equals(kind))
        .toList();
  }

  private List<String> changes(UUID order) {
    return shards.inShard(
        "carried",
        order,
        () ->
            database
                .sql("SELECT status FROM order_change WHERE order_id = ? ORDER BY change_number")
                .param(order)
                .query(String.class)
                .list());
  }

  private String shardOf(String sku) {
    return router.shardOf(SlotHash.slotOf(sku));
  }

  private List<String> oneOnEachShard(String prefix) {
    return List.of("a", "b", "c").stream()
        .map(
            shard ->
                LongStream.iterate(1, i -> i + 1)
                    .mapToObj(i -> prefix + "-" + i)
                    .filter(sku -> shardOf(sku).equals(shard))
                    .findFirst()
                    .orElseThrow())
        .toList();
  }

  /** A call for each number from 0. */
  @FunctionalInterface
  private interface Numbered<T> {
    T call(int number) throws Exception;
  }

  private static <T> List<T> concurrently(int calls, Numbered<T> call) throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<Callable<T>> all =
          IntStream.range(0, calls).<Callable<T>>mapToObj(i -> () -> call.call(i)).toList();
      List<T> answers = new ArrayList<>();
      for (Future<T> answer : callers.invokeAll(all)) {
        answers.add(answer.get());
      }
      return answers;
    } finally {
      callers.shutdownNow();
    }
  }

  private static String body(long customer, String... lines) {
    return "{\"customerId\": %d, \"lines\": [%s]}".formatted(customer, String.join(", ", lines));
  }

  private static String line(String sku, int quantity, String price) {
    return "{\"sku\": \"%s\", \"quantity\": %d, \"unitPrice\": \"%s\"}"
        .formatted(sku, quantity, price);
  }

  private static String level(int onHand, int reserved) {
    return "{\"onHand\":%d,\"reserved\":%d,\"available\":%d}"
        .formatted(onHand, reserved, onHand - reserved);
  }

  private static String credit(String reserved, String used, String available) {
    return "{\"creditLimit\":\"1000.00\",\"reserved\":\"%s\",\"used\":\"%s\",\"available\":\"%s\"}"
        .formatted(reserved, used, available);
  }
}
