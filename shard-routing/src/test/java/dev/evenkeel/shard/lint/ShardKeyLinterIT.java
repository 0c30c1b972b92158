package dev.evenkeel.shard.lint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ShardKeyLinterIT {

  private static final int SHARDS = 3;
  private static final int ORDERS = 100_000;
  private static final int MANY_ORDERS = 400_000;

  private static final OrderData orders = new OrderData(ORDERS, 20261101);
  private static final OrderData manyOrders = new OrderData(MANY_ORDERS, 4);

  private static DatabaseInfo database;
  private static JdbcTemplate jdbc;

  private final ShardKeyLinter linter =
      new ShardKeyLinter(database.dataSource(), LinterOptions.forShards(SHARDS));

  @BeforeAll
  static void fill() throws Exception {
    database = TestDatabase.shared().createDatabase();
    jdbc = new JdbcTemplate(database.dataSource());
    jdbc.execute(
        """
        CREATE TABLE orders (
          id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          customer_id bigint NOT NULL,
          product_id  text NOT NULL,
          kind        text NOT NULL DEFAULT (ARRAY['web', 'shop', 'phone'])[1 + floor(random() * 3)::int],
          request_id  uuid NOT NULL DEFAULT gen_random_uuid(),
          created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
          millis      bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
          referrer    bigint DEFAULT CASE WHEN random() < 0.9 THEN (random() * 1000)::bigint END,
          remark      jsonb
        );
        CREATE TABLE payment (
          id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          payer       bigint NOT NULL,
          customer_id bigint NOT NULL,
          order_id    bigint NOT NULL REFERENCES orders,
          millis      bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
        );
        CREATE TABLE currency (id bigint PRIMARY KEY, name text);
        CREATE TABLE many_orders (customer_id bigint NOT NULL, product_id text NOT NULL);
        """);
    try (Connection connection = database.connect()) {
      orders.copyTo(connection, "orders");
      manyOrders.copyTo(connection, "many_orders");
    }
    jdbc.update(
        "INSERT INTO payment (payer, customer_id, order_id) SELECT customer_id, customer_id, id FROM orders WHERE id <= 50000");
    jdbc.update("INSERT INTO currency SELECT n, n::text FROM generate_series(1, 1000) n");
    // Its writes are not what the shares below are about.
    jdbc.execute("CREATE SCHEMA many; ALTER TABLE many_orders SET SCHEMA many");
    jdbc.execute("ANALYZE");
    OrderData.awaitCountedWrites(jdbc, "orders", ORDERS);
    OrderData.awaitCountedWrites(jdbc, "payment", 50_000);
    OrderData.awaitCountedWrites(jdbc, "currency", 1_000);
  }

  @AfterAll
  static void drop() {
    TestDatabase.shared().dropDatabase(database);
  }

  private ColumnReport lint(String table, String column) {
    return linter.lint(table, List.of(column)).columns().get(0);
  }

  private static List<Reason.Kind> kinds(ColumnReport report) {
    return report.reasons().stream().map(Reason::kind).toList();
  }

  @Test
  void passesCustomerId() {
    ColumnReport report = lint("orders", "customer_id");

    assertThat(report.verdict()).as(report.describe()).isEqualTo(Verdict.SUITABLE);
    assertThat(kinds(report)).containsExactly(Reason.Kind.SPREADS);
    assertThat(report.figures().values().distinct()).isEqualTo(OrderData.CUSTOMERS);
    assertThat(report.figures().values().rowsPerValue()).isEqualTo(100);
    assertThat(report.figures().order().monotonic()).isFalse();
    assertThat(report.figures().writes().tables()).containsExactly("orders", "payment");
    assertThat(report.figures().writes().share()).isEqualTo(150_000.0 / 151_000);
  }

  @Test
  void flagsTimestamp() {
    ColumnReport report = lint("orders", "created_at");

    assertThat(report.verdict()).isEqualTo(Verdict.UNSUITABLE);
    assertThat(kinds(report)).contains(Reason.Kind.TEMPORAL, Reason.Kind.MONOTONIC);
  }

  @Test
  void flagsTimeInNumbersThoughOtherTablesHaveIt() {
    ColumnReport report = lint("payment", "millis");

    assertThat(report.figures().writes().elsewhere()).isTrue();
    assertThat(report.figures().order().correlation()).isGreaterThan(0.99);
    assertThat(report.verdict()).isEqualTo(Verdict.UNSUITABLE);
    assertThat(kinds(report)).contains(Reason.Kind.MONOTONIC);
  }

  @Test
  void flagsProductUnderZipf() {
    ColumnReport report = lint("orders", "product_id");

    assertThat(report.verdict()).isEqualTo(Verdict.UNSUITABLE);
    assertThat(kinds(report)).contains(Reason.Kind.HOT_SLOT);
    assertThat(report.figures().values().hottest()).isEqualTo("P-1");
    assertThat(report.figures().values().hottestShare()).isBetween(0.15, 0.25);
  }

  @Test
  void flagsLowCardinality() {
    ColumnReport report = lint("orders", "kind");

    assertThat(report.verdict()).isEqualTo(Verdict.UNSUITABLE);
    assertThat(kinds(report)).contains(Reason.Kind.LOW_CARDINALITY);
    assertThat(report.figures().values().distinct()).isEqualTo(3);
  }

  @Test
  void flagsRandomKeyWithoutLocality() {
    ColumnReport report = lint("orders", "request_id");

    assertThat(report.verdict()).isEqualTo(Verdict.UNSUITABLE);
    assertThat(kinds(report)).containsExactly(Reason.Kind.NO_LOCALITY);
    assertThat(report.figures().writes().tables()).containsExactly("orders");
  }

  @Test
  void flagsRowsWithoutValue() {
    ColumnReport report = lint("orders", "referrer");

    assertThat(report.verdict()).isEqualTo(Verdict.UNSUITABLE);
    assertThat(kinds(report)).containsExactly(Reason.Kind.NO_VALUE);
    assertThat(report.figures().rows().withoutValue())
        .isEqualTo(
            jdbc.queryForObject("SELECT count(*) FROM orders WHERE referrer IS NULL", Long.class));
  }

  @Test
  void numberOfRowsIsOnlyAKeyElsewhereByForeignKey() {
    ColumnReport ordersId = lint("orders", "id");
    assertThat(ordersId.figures().writes().tables()).containsExactly("orders", "payment");
    assertThat(ordersId.verdict()).isEqualTo(Verdict.WARNING);
    assertThat(kinds(ordersId)).containsExactly(Reason.Kind.MONOTONIC);

    // Both are called id in three tables.
    ColumnReport paymentId = lint("payment", "id");
    assertThat(paymentId.figures().writes().tables()).containsExactly("payment");
    assertThat(kinds(paymentId)).contains(Reason.Kind.NO_LOCALITY, Reason.Kind.MONOTONIC);
    assertThat(paymentId.verdict()).isEqualTo(Verdict.UNSUITABLE);
  }

  @Test
  void warnsWhenFewWritesCarryTheKey() {
    ColumnReport report = lint("payment", "payer");

    assertThat(report.verdict()).isEqualTo(Verdict.WARNING);
    assertThat(kinds(report)).containsExactly(Reason.Kind.FEW_WRITES);
    assertThat(report.figures().writes().share()).isCloseTo(50.0 / 151, within(1e-9));
  }

  @Test
  void wholeTableGivesTheExactSkew() {
    ColumnReport customers = lint("orders", "customer_id");
    ColumnReport products = lint("orders", "product_id");

    assertThat(customers.figures().rows())
        .isEqualTo(new ColumnFigures.Rows(ORDERS, ORDERS, false, 0));
    assertThat(customers.figures().slots().margin()).isZero();
    assertThat(customers.figures().slots().hottestShare())
        .isEqualTo(orders.customers.hottestSlotShare());
    assertThat(products.figures().slots().hottestShare())
        .isEqualTo(orders.products.hottestSlotShare());
    assertThat(products.figures().slots().maxOverMean())
        .isCloseTo(orders.products.hottestSlotShare() * 4096, within(1e-9));
  }

  @Test
  void sampleGivesTheSkewWithinFivePercent() {
    LinterOptions sampling =
        new LinterOptions(
            SHARDS,
            KeyThresholds.defaults(),
            new ScanLimits(10_000, 300_000, Duration.ofMinutes(1)));
    TableReport report =
        new ShardKeyLinter(database.dataSource(), sampling).lint("many.many_orders");
    ColumnFigures customers = report.columns().get(0).figures();
    ColumnFigures products = report.columns().get(1).figures();

    assertThat(customers.rows().sampled()).isTrue();
    assertThat(customers.rows().read()).isCloseTo(300_000, withinPercentage(1));
    assertThat(customers.rows().table()).isCloseTo(MANY_ORDERS, withinPercentage(1));
    assertThat(customers.slots().margin()).isBetween(0.001, 0.05);
    assertThat(customers.slots().hottestShare())
        .isCloseTo(manyOrders.customers.hottestSlotShare(), withinPercentage(5));
    assertThat(products.slots().hottestShare())
        .isCloseTo(manyOrders.products.hottestSlotShare(), withinPercentage(5));
    assertThat(customers.values().distinct()).isCloseTo(OrderData.CUSTOMERS, withinPercentage(1));
    assertThat(products.values().distinct()).isCloseTo(OrderData.PRODUCTS, withinPercentage(5));
  }

  @Test
  void sampleIsNotMisledByRowsOfOneKeyThatLieTogether() {
    jdbc.execute(
        """
        CREATE TABLE many.sorted_orders AS SELECT customer_id FROM many.many_orders ORDER BY customer_id;
        ANALYZE many.sorted_orders;
        """);
    LinterOptions sampling =
        new LinterOptions(
            SHARDS,
            KeyThresholds.defaults(),
            new ScanLimits(10_000, 300_000, Duration.ofMinutes(1)));
    ColumnFigures customers =
        new ShardKeyLinter(database.dataSource(), sampling)
            .lint("many.sorted_orders")
            .columns()
            .get(0)
            .figures();

    assertThat(customers.rows().sampled()).isTrue();
    assertThat(customers.slots().hottestShare())
        .isCloseTo(manyOrders.customers.hottestSlotShare(), withinPercentage(5));
  }

  @Test
  void sampleOfUniqueValuesTellsThatTheyAreUnique() {
    LinterOptions sampling =
        new LinterOptions(
            SHARDS,
            KeyThresholds.defaults(),
            new ScanLimits(10_000, 20_000, Duration.ofMinutes(1)));
    ColumnReport report =
        new ShardKeyLinter(database.dataSource(), sampling)
            .lint("orders", List.of("request_id"))
            .columns()
            .get(0);

    assertThat(report.figures().values().distinct()).isCloseTo(ORDERS, withinPercentage(5));
    assertThat(kinds(report)).contains(Reason.Kind.NO_LOCALITY);
  }

  @Test
  void candidatesAreTheColumnsWhoseTypeCanBeAKey() {
    assertThat(linter.lint("orders").columns())
        .extracting(ColumnReport::column)
        .containsExactly(
            "id",
            "customer_id",
            "product_id",
            "kind",
            "request_id",
            "created_at",
            "millis",
            "referrer");
  }

  @Test
  void partitionsAreOneTable() {
    jdbc.execute(
        """
        CREATE SCHEMA parts;
        CREATE TABLE parts.entry (account int NOT NULL, day int NOT NULL) PARTITION BY LIST (day);
        CREATE TABLE parts.entry_1 PARTITION OF parts.entry FOR VALUES IN (1);
        CREATE TABLE parts.entry_2 PARTITION OF parts.entry FOR VALUES IN (2);
        CREATE TABLE parts.account (account int NOT NULL);
        INSERT INTO parts.entry SELECT n % 500, 1 + n % 2 FROM generate_series(1, 6000) n;
        INSERT INTO parts.account SELECT generate_series(0, 499);
        """);
    OrderData.awaitCountedWrites(jdbc, "entry_1", 3_000);
    OrderData.awaitCountedWrites(jdbc, "entry_2", 3_000);

    ColumnReport account = lint("parts.entry", "account");
    assertThat(account.figures().rows().read()).isEqualTo(6_000);
    assertThat(account.figures().writes().tables()).containsExactly("account", "entry");
    assertThat(account.figures().writes().share()).isEqualTo(1);
    assertThat(account.verdict()).as(account.describe()).isEqualTo(Verdict.SUITABLE);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> linter.lint("parts.entry_1"))
        .withMessage("Table \"parts.entry_1\" is a partition: lint the whole table, parts.entry");
  }

  @Test
  void emptyTableIsNotJudged() {
    jdbc.execute("CREATE TABLE nothing (customer_id bigint)");
    ColumnReport report = lint("nothing", "customer_id");

    assertThat(report.verdict()).isEqualTo(Verdict.WARNING);
    assertThat(kinds(report)).containsExactly(Reason.Kind.TOO_FEW_ROWS);
    assertThat(report.figures().slots()).isEqualTo(new ColumnFigures.Slots(-1, 0, 0, 0));
    jdbc.execute("DROP TABLE nothing");
  }

  @Test
  void namesAreNeverSql() {
    jdbc.execute(
        """
        CREATE TABLE "odd ""; DROP TABLE orders; --" ("a"";b" int);
        INSERT INTO "odd ""; DROP TABLE orders; --" SELECT generate_series(1, 1000);
        """);
    ColumnReport report = lint("odd \"; DROP TABLE orders; --", "a\";b");

    assertThat(report.figures().rows().read()).isEqualTo(1_000);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> linter.lint("orders; DROP TABLE orders"))
        .withMessageStartingWith(
            "There is no table \"orders; DROP TABLE orders\" on the search path: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> linter.lint("shop.orders"))
        .withMessageStartingWith("There is no table \"orders\" in schema \"shop\": ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lint("orders", "id FROM orders; --"))
        .withMessageStartingWith("Table public.orders has no column \"id FROM orders; --\": ")
        .withMessageContaining("customer_id");
    jdbc.execute("DROP TABLE \"odd \"\"; DROP TABLE orders; --\"");
  }

  @Test
  void whatCantBeAKeyIsRefused() {
    jdbc.execute("CREATE VIEW orders_view AS SELECT * FROM orders");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> linter.lint("orders_view"))
        .withMessage(
            "\"orders_view\" is not a table (its kind is 'v'): lint the table that holds its rows");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lint("orders", "remark"))
        .withMessage(
            "Column remark of public.orders has type jsonb, which can't be a shard key: give a column of whole numbers, text or uuids");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> linter.lint("orders", Collections.nCopies(51, "id")))
        .withMessage("Columns to lint must be at most 50, were 51: lint them in parts");
  }

  @Test
  void fiftyColumnsAreEnough() {
    jdbc.execute(
        IntStream.rangeClosed(1, 52)
            .mapToObj("c%d int"::formatted)
            .collect(Collectors.joining(", ", "CREATE TABLE wide (", ")")));
    TableReport report = linter.lint("wide");

    assertThat(report.columns()).hasSize(ShardKeyLinter.MAX_COLUMNS);
    assertThat(report.notLookedAt()).containsExactly("c51", "c52");
    jdbc.execute("DROP TABLE wide");
  }

  @Test
  void givesUpAfterItsTime() throws Exception {
    ShardKeyLinter hasty =
        new ShardKeyLinter(
            database.dataSource(),
            new LinterOptions(
                SHARDS,
                KeyThresholds.defaults(),
                new ScanLimits(1_000_000, 1_000, Duration.ofMillis(100))));
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      try (var statement = connection.createStatement()) {
        statement.execute("LOCK TABLE currency IN ACCESS EXCLUSIVE MODE");
      }
      assertThatExceptionOfType(QueryTimeoutException.class)
          .isThrownBy(() -> hasty.lint("currency"))
          .withMessage(
              "Looking up table \"currency\" took longer than PT0.1S: allow more time, or a smaller sample");
    }
  }

  @Test
  void leavesTheConnectionAsItWas() {
    SingleConnectionDataSource one =
        new SingleConnectionDataSource(
            database.jdbcUrl(), database.username(), database.password(), true);
    try {
      ShardKeyLinter onOne = new ShardKeyLinter(one, LinterOptions.forShards(SHARDS));
      onOne.lint("orders", List.of("customer_id"));
      assertThatIllegalArgumentException().isThrownBy(() -> onOne.lint("no_table"));

      JdbcTemplate after = new JdbcTemplate(one);
      after.execute("CREATE TABLE writable (id int)");
      assertThat(jdbc.queryForObject("SELECT count(*) FROM writable", Long.class)).isZero();
      assertThat(after.queryForObject("SHOW statement_timeout", String.class)).isEqualTo("0");
    } finally {
      one.destroy();
    }
  }

  @Test
  void reportIsPlainJson() {
    JsonNode json =
        JsonMapper.shared().valueToTree(linter.lint("orders", List.of("customer_id", "kind")));

    assertThat(json.at("/table").asString()).isEqualTo("orders");
    assertThat(json.at("/columns/0/verdict").asString()).isEqualTo("SUITABLE");
    assertThat(json.at("/columns/0/reasons/0/kind").asString()).isEqualTo("SPREADS");
    assertThat(json.at("/columns/1/figures/values/distinct").asInt()).isEqualTo(3);
  }
}
