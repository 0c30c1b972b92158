package dev.evenkeel.sample.orders.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.sample.orders.Migrations;
import dev.evenkeel.sample.orders.audit.Violation.Rule;
import dev.evenkeel.testing.database.TestDatabase;
import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The audit on orders made by SQL: customers on one shard, articles on the other. Every violation
 * that is planted is found, and nothing is found where there is none.
 */
class SagaAuditIT {

  private static final UUID SHIPPED = id(1);
  private static final UUID CANCELLED = id(2);
  private static final UUID WAITING = id(3);
  private static final UUID NEVER_BEGAN = id(4);
  private static final UUID PLACED = id(5);
  private static final UUID STUCK = id(6);

  /** Those that refer to others first. */
  private static final List<String> TABLES =
      List.of(
          "order_line",
          "order_change",
          "orders",
          "credit_entry",
          "credit_snapshot",
          "customer",
          "stock_entry",
          "stock",
          "payment",
          "evenkeel.saga_instance",
          "evenkeel.saga_wake",
          "evenkeel.saga_step");

  private static DataSource customers;
  private static DataSource articles;

  private final JdbcClient home = JdbcClient.create(customers);
  private final JdbcClient stock = JdbcClient.create(articles);
  private final SagaAudit audit = new SagaAudit(Map.of("a", customers, "b", articles), "evenkeel");

  @BeforeAll
  static void migrate() {
    customers = database();
    articles = database();
  }

  private static DataSource database() {
    DataSource database = TestDatabase.shared().createDatabase().dataSource();
    new SchemaMigration("evenkeel").migrate(database);
    Migrations.run(database, "latest");
    return database;
  }

  /** In one transaction on each shard, which spares some hundred commits. */
  @BeforeEach
  void orders() {
    transactions(customers)
        .executeWithoutResult(
            one -> transactions(articles).executeWithoutResult(two -> makeOrders()));
  }

  private static TransactionTemplate transactions(DataSource database) {
    return new TransactionTemplate(new DataSourceTransactionManager(database));
  }

  private void makeOrders() {
    for (JdbcClient database : List.of(home, stock)) {
      for (String table : TABLES) {
        database.sql("DELETE FROM " + table).update();
      }
    }
    home.sql("INSERT INTO customer VALUES (7, 0)").update();
    credit(null, "LIMIT", "1000.00");
    for (String sku : List.of("A", "B")) {
      stock.sql("INSERT INTO stock VALUES (?, 0, 100, 0)").param(sku).update();
      entry(sku, "SET", 100, null, null);
    }
    shippedOrderThatNamesAnArticleTwice();
    cancelledOrder();
    waitingOrder();
    order(NEVER_BEGAN, "PENDING", "10.00", "A 1");
    saga(NEVER_BEGAN, "COMPENSATED", false);
    order(PLACED, "PLACED", "10.00", "A 1");
    stuckOrder();
  }

  private void shippedOrderThatNamesAnArticleTwice() {
    order(SHIPPED, "SHIPPED", "50.00", "A 2", "A 3", "B 1");
    saga(SHIPPED, "COMPLETED", false);
    reserved(SHIPPED, "50.00");
    confirmed(SHIPPED, "50.00");
    shipped(SHIPPED, "A", 0, 2);
    shipped(SHIPPED, "A", 1, 3);
    shipped(SHIPPED, "B", 2, 1);
    change(SHIPPED, "SHIPPED");
    step(home, SHIPPED, "markShipped", 0, "FORWARD");
  }

  private void cancelledOrder() {
    order(CANCELLED, "CANCELLED", "20.00", "A 1", "B 1");
    saga(CANCELLED, "COMPENSATED", false);
    reserved(CANCELLED, "20.00");
    credit(CANCELLED, "RESERVED", "-20.00");
    step(home, CANCELLED, "reserveCredit", 0, "COMPENSATION");
    stock("A", "RESERVED", 1, CANCELLED, 0);
    stock("A", "RELEASED", 1, CANCELLED, 0);
    step(stock, CANCELLED, "reserveStock", 0, "FORWARD");
    step(stock, CANCELLED, "reserveStock", 0, "COMPENSATION");
    charged(CANCELLED, "20.00", true);
    change(CANCELLED, "CANCELLED");
    step(home, CANCELLED, "register", 0, "COMPENSATION");
  }

  private void waitingOrder() {
    order(WAITING, "AWAITING_APPROVAL", "100.00", "B 4");
    saga(WAITING, "RUNNING", false);
    reserved(WAITING, "100.00");
    stock("B", "RESERVED", 4, WAITING, 0);
    step(stock, WAITING, "reserveStock", 0, "FORWARD");
    change(WAITING, "AWAITING_APPROVAL");
    step(home, WAITING, "askApproval", 0, "FORWARD");
  }

  private void stuckOrder() {
    order(STUCK, "CONFIRMED", "30.00", "B 2");
    saga(STUCK, "RUNNING", true);
    reserved(STUCK, "30.00");
    confirmed(STUCK, "30.00");
    stock("B", "RESERVED", 2, STUCK, 0);
    step(stock, STUCK, "reserveStock", 0, "FORWARD");
  }

  @Test
  void ordersThatAddUpAreClean() throws Exception {
    AuditReport report = audit.run();

    assertThat(report.violations()).isEmpty();
    assertThat(report.quiescent()).isTrue();
    assertThat(report.isClean()).isTrue();
  }

  @Test
  void aBalanceAfterASnapshotIsReadAsTheApplicationReadsIt() throws Exception {
    home.sql(
            """
            INSERT INTO credit_snapshot
            SELECT 7, 3, 0,
                   sum(delta) FILTER (WHERE kind = 'LIMIT'),
                   coalesce(sum(delta) FILTER (WHERE kind = 'RESERVED'), 0),
                   coalesce(sum(delta) FILTER (WHERE kind = 'USED'), 0)
              FROM credit_entry WHERE entry_number <= 3
            """)
        .update();

    assertThat(audit.run().isClean()).isTrue();

    home.sql("UPDATE credit_snapshot SET used = used + 1").update();

    assertThat(rules(audit.run())).containsExactly(Rule.CREDIT);
  }

  /**
   * A call of which nobody knew whether it arrived: it did, and its row says that it is unknown.
   */
  @Test
  void aPaymentThatMayHaveBeenMadeAndWasVoidedIsClean() throws Exception {
    home.sql(
            """
            UPDATE evenkeel.saga_step SET outcome = 'UNKNOWN'
             WHERE saga_id = ? AND step = 'charge' AND direction = 'FORWARD'
            """)
        .param(CANCELLED)
        .update();

    assertThat(audit.run().isClean()).isTrue();

    home.sql("UPDATE payment SET charged_at = NULL, amount = NULL WHERE order_id = ?")
        .param(CANCELLED)
        .update();

    assertThat(audit.run().isClean()).isTrue();
  }

  @Test
  void whileASagaMovesOnlyWhatHoldsAtEveryMomentIsLookedAt() throws Exception {
    home.sql("UPDATE evenkeel.saga_wake SET owner = 'node' WHERE saga_id = ?")
        .param(WAITING)
        .update();
    stock.sql("UPDATE stock SET reserved = reserved + 1 WHERE sku = 'A'").update();
    assertThat(audit.run()).isEqualTo(new AuditReport(false, List.of()));

    credit(SHIPPED, "USED", "50.00");

    AuditReport report = audit.run();
    assertThat(report.quiescent()).isFalse();
    assertThat(rules(report)).contains(Rule.TWICE);
  }

  /**
   * Something that must not be.
   *
   * @param onHome whether it is planted on the customers' shard
   */
  record Planted(Rule rule, String what, boolean onHome, String sql) {
    @Override
    public String toString() {
      return rule + ", " + what;
    }
  }

  static Stream<Planted> planted() {
    return Stream.of(
        home(
            Rule.CREDIT,
            "more credit used than orders say",
            "INSERT INTO credit_snapshot VALUES (7, 99, 0, 1000, 130, 81)"),
        home(
            Rule.CREDIT,
            "the order that used it is gone",
            "UPDATE orders SET customer_id = 8 WHERE id = '%s'".formatted(SHIPPED)),
        stock(
            Rule.ON_HAND,
            "pieces vanish",
            "UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 'A'"),
        stock(
            Rule.RESERVED,
            "pieces held by nobody",
            "UPDATE stock SET reserved = reserved + 1 WHERE sku = 'A'"),
        stock(
            Rule.RESERVED,
            "pieces of a waiting order not held",
            "UPDATE stock SET reserved = reserved - 1 WHERE sku = 'B'"),
        home(
            Rule.NOT_ENDED,
            "the saga ended, and the order did not",
            "UPDATE orders SET status = 'CONFIRMED' WHERE id = '%s'".formatted(SHIPPED)),
        home(
            Rule.NOT_ENDED,
            "the saga is gone, and the order did not end",
            "DELETE FROM evenkeel.saga_instance WHERE id = '%s'".formatted(STUCK)),
        home(
            Rule.NOT_ENDED,
            "the order was cancelled, and its saga completed",
            """
            UPDATE evenkeel.saga_instance SET state = 'COMPLETED' WHERE id = '%s'
            """
                .formatted(CANCELLED)),
        home(
            Rule.HELD_BY_CANCELLED,
            "credit",
            "INSERT INTO credit_entry VALUES (7, 99, 0, 'RESERVED', 10.00, '%s')"
                .formatted(NEVER_BEGAN)),
        home(
            Rule.HELD_BY_CANCELLED,
            "a payment",
            "UPDATE payment SET voided_at = NULL WHERE order_id = '%s'".formatted(CANCELLED)),
        stock(
            Rule.HELD_BY_CANCELLED,
            "stock",
            "DELETE FROM stock_entry WHERE kind = 'RELEASED' AND order_id = '%s'"
                .formatted(CANCELLED)),
        stock(
            Rule.HELD_BY_CANCELLED,
            "stock of an order that is nowhere",
            """
            INSERT INTO stock_entry VALUES ('A', 99, 0, 'RESERVED', 1, gen_random_uuid(), 0)
            """),
        home(
            Rule.MISSING,
            "a shipped order that paid nothing",
            "DELETE FROM credit_entry WHERE kind = 'USED' AND order_id = '%s'".formatted(SHIPPED)),
        stock(
            Rule.MISSING,
            "a shipped order of which a line stayed",
            """
            DELETE FROM stock_entry WHERE kind = 'SHIPPED' AND line_number = 1 AND order_id = '%s'
            """
                .formatted(SHIPPED)),
        home(
            Rule.MISSING,
            "a confirmed order that was not charged",
            "DELETE FROM payment WHERE order_id = '%s'".formatted(STUCK)),
        home(
            Rule.AMOUNT,
            "more charged than the order's total",
            "UPDATE payment SET amount = 51 WHERE order_id = '%s'".formatted(SHIPPED)),
        home(
            Rule.AMOUNT,
            "less credit used than the order's total",
            "UPDATE credit_entry SET delta = 49 WHERE kind = 'USED' AND order_id = '%s'"
                .formatted(SHIPPED)),
        stock(
            Rule.AMOUNT,
            "more pieces shipped than ordered",
            """
            UPDATE stock_entry SET quantity = 9
             WHERE kind = 'SHIPPED' AND line_number = 2 AND order_id = '%s'
            """
                .formatted(SHIPPED)),
        stock(
            Rule.AMOUNT,
            "another article shipped",
            """
            UPDATE stock_entry SET sku = 'A', entry_number = 99
             WHERE kind = 'SHIPPED' AND line_number = 2 AND order_id = '%s'
            """
                .formatted(SHIPPED)),
        home(
            Rule.TWICE,
            "credit used",
            "INSERT INTO credit_entry VALUES (7, 99, 0, 'USED', 50.00, '%s')".formatted(SHIPPED)),
        home(
            Rule.TWICE,
            "charged",
            "INSERT INTO payment VALUES ('again', 7, 0, '%s', 50.00, now())".formatted(SHIPPED)),
        home(
            Rule.TWICE,
            "credit released",
            "INSERT INTO credit_entry VALUES (7, 99, 0, 'RESERVED', -20.00, '%s')"
                .formatted(CANCELLED)),
        stock(
            Rule.TWICE,
            "a line shipped",
            "INSERT INTO stock_entry VALUES ('A', 99, 0, 'SHIPPED', 2, '%s', 0)"
                .formatted(SHIPPED)),
        home(
            Rule.TWICE,
            "registered",
            "INSERT INTO order_change VALUES ('%s', 99, 0, 'PENDING', now())".formatted(WAITING)),
        home(
            Rule.UNDONE_AFTER_PIVOT,
            "cancelled",
            "INSERT INTO order_change VALUES ('%s', 99, 0, 'CANCELLED', now())".formatted(STUCK)),
        home(
            Rule.UNDONE_AFTER_PIVOT,
            "a payment voided",
            "UPDATE payment SET voided_at = now() WHERE order_id = '%s'".formatted(STUCK)),
        home(
            Rule.UNDONE_AFTER_PIVOT,
            "credit released",
            "INSERT INTO credit_entry VALUES (7, 99, 0, 'RESERVED', -30.00, '%s')"
                .formatted(STUCK)),
        stock(
            Rule.UNDONE_AFTER_PIVOT,
            "stock released",
            "INSERT INTO stock_entry VALUES ('B', 99, 0, 'RELEASED', 2, '%s', 0)".formatted(STUCK)),
        stock(
            Rule.STEP,
            "a row without its effect",
            """
            INSERT INTO evenkeel.saga_step
            VALUES ('%s', 'ship', 0, 'FORWARD', 'DONE', NULL, 0, 1, 1)
            """
                .formatted(STUCK)),
        stock(
            Rule.STEP,
            "an effect without its row",
            "DELETE FROM evenkeel.saga_step WHERE step = 'ship' AND item = 1"));
  }

  private static Planted home(Rule rule, String what, String sql) {
    return new Planted(rule, what, true, sql);
  }

  private static Planted stock(Rule rule, String what, String sql) {
    return new Planted(rule, what, false, sql);
  }

  @ParameterizedTest
  @MethodSource("planted")
  void aPlantedViolationIsReported(Planted planted) throws Exception {
    assertThat((planted.onHome() ? home : stock).sql(planted.sql()).update()).isPositive();

    AuditReport report = audit.run();

    assertThat(report.quiescent()).isTrue();
    assertThat(rules(report)).contains(planted.rule());
  }

  @Test
  void everyRuleHasAPlantedViolation() {
    assertThat(planted().map(Planted::rule).collect(Collectors.toSet()))
        .isEqualTo(EnumSet.allOf(Rule.class));
  }

  private static Set<Rule> rules(AuditReport report) {
    return report.violations().stream().map(Violation::rule).collect(Collectors.toSet());
  }

  private static UUID id(int number) {
    return UUID.fromString("00000000-0000-7000-8000-00000000000" + number);
  }

  /** Lines as {@code "A 2"}: article and quantity. */
  private void order(UUID id, String status, String total, String... lines) {
    home.sql(
            """
            INSERT INTO orders (id, version, customer_id, slot, status, total, placed_at, reason)
            VALUES (?, 0, 7, 0, ?, ?, now(), ?)
            """)
        .params(id, status, new BigDecimal(total), status.equals("CANCELLED") ? "Why not" : null)
        .update();
    for (int number = 0; number < lines.length; number++) {
      String[] line = lines[number].split(" ", 2);
      home.sql("INSERT INTO order_line VALUES (?, ?, ?, ?, 1, 0)")
          .params(id, number, line[0], Integer.valueOf(line[1]))
          .update();
    }
  }

  /** The instance's id is the order's. */
  private void saga(UUID order, String state, boolean stuck) {
    boolean ended = state.startsWith("COMP") && !state.equals("COMPENSATING");
    home.sql(
            """
            INSERT INTO evenkeel.saga_instance
                (id, saga, saga_version, key, slot, command, state, failure, stuck_at, stuck_reason, ended_at)
            VALUES (?, 'place-order', 2, ?, 0, '', ?, CAST(? AS jsonb),
                    CASE WHEN ? THEN now() END, CASE WHEN ? THEN 'it' END,
                    CASE WHEN ? THEN now() END)
            """)
        .params(
            order,
            order.toString(),
            state,
            state.equals("COMPENSATED") ? "{}" : null,
            stuck,
            stuck,
            ended)
        .update();
    if (!ended) {
      home.sql("INSERT INTO evenkeel.saga_wake (saga_id) VALUES (?)").param(order).update();
    }
  }

  private void reserved(UUID order, String amount) {
    change(order, "PENDING");
    step(home, order, "register", 0, "FORWARD");
    credit(order, "RESERVED", amount);
    step(home, order, "reserveCredit", 0, "FORWARD");
  }

  private void confirmed(UUID order, String amount) {
    charged(order, amount, false);
    change(order, "CONFIRMED");
    step(home, order, "confirm", 0, "FORWARD");
    credit(order, "RESERVED", "-" + amount);
    credit(order, "USED", amount);
    step(home, order, "useCredit", 0, "FORWARD");
  }

  private void charged(UUID order, String amount, boolean voided) {
    home.sql(
            """
            INSERT INTO payment VALUES (?, 7, 0, ?, ?, now(), CASE WHEN ? THEN now() END)
            """)
        .params(order + ":charge:0", order, new BigDecimal(amount), voided)
        .update();
    step(home, order, "charge", 0, "FORWARD");
    if (voided) {
      step(home, order, "charge", 0, "COMPENSATION");
    }
  }

  private void shipped(UUID order, String sku, int line, int quantity) {
    stock(sku, "RESERVED", quantity, order, line);
    step(stock, order, "reserveStock", line, "FORWARD");
    stock(sku, "SHIPPED", quantity, order, line);
    step(stock, order, "ship", line, "FORWARD");
  }

  private void credit(UUID order, String kind, String delta) {
    home.sql(
            """
            INSERT INTO credit_entry
            SELECT 7, count(*) + 1, 0, ?, ?, CAST(? AS uuid) FROM credit_entry
            """)
        .params(kind, new BigDecimal(delta), order)
        .update();
  }

  private void change(UUID order, String status) {
    home.sql(
            """
            INSERT INTO order_change
            SELECT ?, count(*), 0, ?, now() FROM order_change WHERE order_id = ?
            """)
        .params(order, status, order)
        .update();
  }

  private void stock(String sku, String kind, int quantity, UUID order, int line) {
    int reserved = kind.equals("RESERVED") ? quantity : -quantity;
    stock
        .sql("UPDATE stock SET reserved = reserved + ?, on_hand = on_hand - ? WHERE sku = ?")
        .params(reserved, kind.equals("SHIPPED") ? quantity : 0, sku)
        .update();
    entry(sku, kind, quantity, order, line);
  }

  private void entry(String sku, String kind, int quantity, UUID order, Integer line) {
    stock
        .sql(
            """
            INSERT INTO stock_entry
            SELECT ?, count(*) + 1, 0, ?, ?, CAST(? AS uuid), CAST(? AS integer)
              FROM stock_entry WHERE sku = ?
            """)
        .params(sku, kind, quantity, order, line, sku)
        .update();
  }

  private void step(JdbcClient shard, UUID order, String step, int item, String direction) {
    shard
        .sql("INSERT INTO evenkeel.saga_step VALUES (?, ?, ?, ?, 'DONE', NULL, 0, 1, 1)")
        .params(order, step, item, direction)
        .update();
  }
}
