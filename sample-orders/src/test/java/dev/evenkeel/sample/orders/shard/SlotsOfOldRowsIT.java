package dev.evenkeel.sample.orders.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.sample.orders.Migrations;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

class SlotsOfOldRowsIT {

  private final DataSource dataSource = TestDatabase.shared().createDatabase().dataSource();
  private final JdbcClient database = JdbcClient.create(dataSource);

  @Test
  void rowsFromBeforeTheShardsGetTheirCustomersSlot() {
    Migrations.run(dataSource, "1");
    for (long customer : new long[] {7, 8}) {
      UUID order = UUID.randomUUID();
      database
          .sql("INSERT INTO orders VALUES (?, 0, ?, 'PLACED', 1, now())")
          .params(order, customer)
          .update();
      database.sql("INSERT INTO order_line VALUES (?, 0, 'A', 1, 1)").param(order).update();
      database.sql("INSERT INTO customer_summary VALUES (?, 1, 1)").param(customer).update();
    }

    Migrations.run(dataSource, "latest", new SlotsOfOldRows());

    assertThat(
            database
                .sql(
                    """
                    SELECT o.customer_id, o.slot, l.slot AS line, s.slot AS summary
                      FROM orders o
                      JOIN order_line l ON l.order_id = o.id
                      JOIN customer_summary s ON s.customer_id = o.customer_id
                     ORDER BY o.customer_id
                    """)
                .query()
                .listOfRows())
        .extracting(row -> row.values().toString())
        .containsExactly(
            "[7, %1$d, %1$d, %1$d]".formatted(SlotHash.slotOf("7")),
            "[8, %1$d, %1$d, %1$d]".formatted(SlotHash.slotOf("8")));
  }
}
