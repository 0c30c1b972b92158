package dev.evenkeel.sample.orders.order;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.sample.orders.Migrations;
import dev.evenkeel.sample.orders.audit.SagaAudit;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What was there before the sagas. */
class OldOrdersIT {

  private final DataSource dataSource = TestDatabase.shared().createDatabase().dataSource();
  private final JdbcClient database = JdbcClient.create(dataSource);

  @Test
  void ordersStayPlacedAndStockCountsAsSet() throws Exception {
    new SchemaMigration("evenkeel").migrate(dataSource);
    Migrations.run(dataSource, "4");
    UUID order = UUID.randomUUID();
    database
        .sql("INSERT INTO orders VALUES (?, 0, 7, 'PLACED', 1, now(), 5)")
        .param(order)
        .update();
    database.sql("INSERT INTO order_line VALUES (?, 0, 'A', 1, 1, 5)").param(order).update();
    database.sql("INSERT INTO stock VALUES ('A', 5, 12, 0), ('B', 5, 0, 0)").update();

    Migrations.run(dataSource, "latest");

    assertThat(database.sql("SELECT status FROM orders").query(String.class).list())
        .containsExactly("PLACED");
    assertThat(new SagaAudit(Map.of("home", dataSource), "evenkeel").run().isClean()).isTrue();
  }
}
