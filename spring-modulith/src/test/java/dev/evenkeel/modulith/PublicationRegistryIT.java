package dev.evenkeel.modulith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.bookshop.loyalty.Points;
import com.example.bookshop.orders.Orders;
import com.example.bookshop.shipping.Shipping;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;

/** Beside Modulith's event publication registry, which multicasts events in its own way. */
class PublicationRegistryIT {

  private DatabaseInfo database;

  @BeforeEach
  void createDatabase() {
    database = TestDatabase.shared().createDatabase();
  }

  @AfterEach
  void dropDatabase() {
    TestDatabase.shared().dropDatabase(database);
  }

  @Test
  void registryKeepsModulithsListenersAndTheOutboxTheRest() {
    String id = UUID.randomUUID().toString();
    try (ConfigurableApplicationContext application = Bookshops.startWithRegistry(database)) {
      JdbcTemplate jdbc = application.getBean(JdbcTemplate.class);

      application.getBean(Orders.class).complete(id, 1);

      assertThat(
              jdbc.queryForList(
                  "SELECT type FROM evenkeel.outbox WHERE aggregateid = ?", String.class, id))
          .containsExactly("orders.OrderCompleted");
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> {
                assertThat(application.getBean(Points.class).given()).containsExactly(id);
                assertThat(
                        jdbc.queryForList(
                            "SELECT what FROM shipment_step WHERE order_id = ?", String.class, id))
                    .containsExactly("packed 1");
                assertThat(
                        jdbc.queryForList(
                            "SELECT listener_id FROM registry.event_publication"
                                + " WHERE completion_date IS NOT NULL",
                            String.class))
                    .singleElement()
                    .asString()
                    .contains("loyalty.Points");
              });
      assertThat(
              jdbc.queryForObject("SELECT count(*) FROM registry.event_publication", Integer.class))
          .isEqualTo(1);
      assertThat(application.getBean(Shipping.class).attempts(id)).isEqualTo(1);
    }
  }
}
