package dev.evenkeel.sample.orders.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.audit.AuditReport;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Three services in processes of their own, of which each is killed in the midst of the others'
 * sagas. What was asked of it waits, and no order notices but by the time it takes.
 */
@Tag("slow")
class SplitCrashIT {

  private static final int ORDERS = 90;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String ENDS = "SELECT id, status FROM orders";

  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void ordersEndWellThoughEachServiceIsKilledOnce() throws Exception {
    Path folder = ServiceProcess.newFolder();
    try (Services services = new Services();
        ServiceProcess customers = new ServiceProcess(services, "customers", folder);
        ServiceProcess orders = new ServiceProcess(services, "orders", folder);
        ServiceProcess warehouses = new ServiceProcess(services, "warehouses", folder)) {
      orders.awaitReady();
      customers.awaitReady();
      warehouses.awaitReady();
      customers.http().put("/customers/1", "{\"creditLimit\": \"99999.00\"}");
      customers.http().put("/customers/2", "{\"creditLimit\": \"0.50\"}");

      Map<UUID, String> expected = new LinkedHashMap<>();
      List<ServiceProcess> toKill = new ArrayList<>(List.of(warehouses, customers, orders));
      for (int number = 0; number < ORDERS; number++) {
        if (number % 30 == 15) {
          ServiceProcess victim = toKill.remove(0);
          victim.kill(); // what the orders before were about to ask of it is on its way
          victim.restart();
          if (victim == orders) {
            orders.awaitReady();
          }
        }
        place(orders, number, expected);
      }

      AuditReport report =
          await("nothing to move any more")
              .atMost(PATIENCE)
              .pollInterval(Duration.ofMillis(500))
              .until(services::audit, AuditReport::quiescent);
      assertThat(report.violations()).isEmpty();
      Map<UUID, String> ends = new LinkedHashMap<>();
      services
          .sql("orders")
          .query(
              ENDS,
              row -> {
                ends.put(row.getObject(1, UUID.class), row.getString(2));
              });
      assertThat(ends).containsExactlyInAnyOrderEntriesOf(expected);
      assertThat(
              services
                  .sql("orders")
                  .queryForObject(
                      "SELECT count(stuck_at) FROM evenkeel.saga_instance", Integer.class))
          .isZero();
    }
  }

  /** Every fifth has no credit, every seventh no stock. */
  private static void place(ServiceProcess orders, int number, Map<UUID, String> expected)
      throws Exception {
    boolean poor = number % 5 == 0;
    boolean missing = number % 7 == 0;
    HttpResponse<String> answer =
        orders
            .http()
            .postOnce(
                "order-" + number,
                """
                {"customerId": %d, "lines": [
                  {"sku": "BOOK-1", "quantity": 1, "unitPrice": "1.00"},
                  {"sku": "%s", "quantity": 1, "unitPrice": "1.00"}]}
                """
                    .formatted(poor ? 2 : 1, missing ? "GONE-1" : "BOOK-2"));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    expected.put(
        UUID.fromString(HttpApi.json(answer).get("orderId").asString()),
        poor || missing ? "CANCELLED" : "SHIPPED");
  }
}
