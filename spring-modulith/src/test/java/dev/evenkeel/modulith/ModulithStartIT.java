package dev.evenkeel.modulith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.example.bookshop.BookshopApplication;
import com.example.bookshop.orders.OrderCancelled;
import com.example.bookshop.orders.Orders;
import dev.evenkeel.autoconfigure.EvenkeelConfigurationException;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.modulith.events.EventExternalizationConfiguration;
import org.springframework.modulith.events.RoutingTarget;

/** Applications that are configured in another way, without a relay. */
class ModulithStartIT {

  @Configuration(proxyBeanMethods = false)
  @Import(BookshopApplication.class)
  static class WithARoutingOfItsOwn {

    @Bean
    EventExternalizationConfiguration routing() {
      return EventExternalizationConfiguration.defaults("com.example.bookshop")
          .route(
              OrderCancelled.class,
              event -> RoutingTarget.forTarget("cancellation").andKey("c-" + event.orderId()))
          .headers(OrderCancelled.class, event -> Map.of("urgent", true))
          .build();
    }
  }

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
  void mistakesInAnnotationsFailTheStart() {
    assertThatThrownBy(
            () ->
                Bookshops.start(
                    database,
                    "evenkeel.relay.enabled=false",
                    "evenkeel.scan-packages=com.example.mistakes"))
        .rootCause()
        .hasMessageContaining("of com.example.mistakes.Keyless names no key");
    assertThatThrownBy(
            () ->
                Bookshops.start(
                    database,
                    "evenkeel.relay.enabled=false",
                    "evenkeel.scan-packages=com.example.mistakes"))
        .hasStackTraceContaining(EvenkeelConfigurationException.class.getName());
  }

  @Test
  void routingOfTheApplicationDecidesTargetKeyAndHeaders() {
    try (ConfigurableApplicationContext application =
        Bookshops.start(database, WithARoutingOfItsOwn.class, "evenkeel.relay.enabled=false")) {
      application.getBean(Orders.class).cancel("7");

      List<Map<String, Object>> rows =
          application
              .getBean(JdbcTemplate.class)
              .queryForList(
                  "SELECT aggregatetype, aggregateid, type, headers ->> 'urgent' AS urgent"
                      + " FROM evenkeel.outbox");
      assertThat(rows)
          .containsExactly(
              Map.of(
                  "aggregatetype",
                  "cancellation",
                  "aggregateid",
                  "c-7",
                  "type",
                  "orders.OrderCancelled",
                  "urgent",
                  "true"));
    }
  }
}
