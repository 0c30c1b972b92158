package dev.evenkeel.testing;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.evenkeel.shard.lint.Reason;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;

class ShardKeysIT {

  private static DatabaseInfo database;

  private final ShardKeys keys = ShardKeys.assertThat(database.dataSource());

  @BeforeAll
  static void fill() {
    database = TestDatabase.shared().createDatabase();
    new JdbcTemplate(database.dataSource())
        .execute(
            """
            CREATE TABLE orders (
              id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
              customer_id int NOT NULL,
              kind        text NOT NULL
            );
            SELECT setseed(0.5);
            INSERT INTO orders (customer_id, kind)
            SELECT 1 + floor(random() * 500)::int, (ARRAY['web', 'shop'])[1 + floor(random() * 2)::int]
              FROM generate_series(1, 5000);
            """);
  }

  @AfterAll
  static void drop() {
    TestDatabase.shared().dropDatabase(database);
  }

  @Test
  void tellsGoodKeysFromBadOnes() {
    keys.table("orders").column("customer_id").isSuitable();
    keys.table("orders").column("kind").isUnsuitableBecause(Reason.Kind.LOW_CARDINALITY);
    keys.onShards(6)
        .table("orders")
        .column("customer_id")
        .isUnsuitableBecause(Reason.Kind.LOW_CARDINALITY);
    keys.onShards(51).table("orders").column("id").hasWarnings(Reason.Kind.TOO_FEW_ROWS);
  }

  @Test
  void failureShowsReasonsAndFigures() {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> keys.table("orders").column("kind").isSuitable())
        .withMessageContainingAll(
            "Expecting shard key to be SUITABLE, but:",
            "kind text is UNSUITABLE",
            "LOW_CARDINALITY: 2 different values are fewer than the 300 that 3 shards need",
            "rows: 5,000, 0 of 5,000 read without a value",
            "max/mean");
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(
            () ->
                keys.table("orders")
                    .column("kind")
                    .isUnsuitableBecause(Reason.Kind.LOW_CARDINALITY, Reason.Kind.TEMPORAL))
        .withMessageContaining("because of [LOW_CARDINALITY, TEMPORAL], but:");
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> keys.table("orders").column("customer_id").isUnsuitable())
        .withMessageContaining("SPREADS: 500 values (300 needed) with 10.0 rows each");
  }

  @Test
  void unknownNamesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> keys.table("orders").column("customer"))
        .withMessageContaining("has no column \"customer\"");
  }
}
