package com.example.ordering;

import dev.evenkeel.shard.lint.Reason;
import dev.evenkeel.testing.ShardKeys;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

class ShardKeyIT {

  private static final DatabaseInfo INFO = TestDatabase.shared().createDatabase();
  private static final DataSource DATABASE = INFO.dataSource();

  @BeforeAll
  static void fillLikeProduction() {
    JdbcClient jdbc = JdbcClient.create(DATABASE);
    jdbc.sql("CREATE TABLE orders (customer_id bigint NOT NULL, kind text NOT NULL)").update();
    jdbc.sql(
            """
            INSERT INTO orders
            SELECT 1 + n * 7919 % 2000, CASE WHEN n % 3 = 0 THEN 'shop' ELSE 'web' END
              FROM generate_series(1, 20000) AS n
            """)
        .update();
  }

  @AfterAll
  static void drop() {
    TestDatabase.shared().dropDatabase(INFO);
  }

  @Test
  void ordersAreShardedByCustomer() {
    ShardKeys.assertThat(DATABASE).onShards(8).table("orders").column("customer_id").isSuitable();
  }

  @Test
  void kindIsNoKey() {
    ShardKeys.assertThat(DATABASE)
        .table("orders")
        .column("kind")
        .isUnsuitableBecause(Reason.Kind.LOW_CARDINALITY);
  }
}
