package com.example.travel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** What the tutorial says of the first start. */
@SpringBootTest(properties = "evenkeel.relay.enabled=false")
class FirstTripsIT {

  private static final DatabaseInfo DATABASE = TestDatabase.shared().createDatabase();

  @DynamicPropertySource
  static void database(DynamicPropertyRegistry properties) {
    properties.add("spring.datasource.url", DATABASE::jdbcUrl);
    properties.add("spring.datasource.username", DATABASE::username);
    properties.add("spring.datasource.password", DATABASE::password);
  }

  @Autowired private JdbcClient database;

  @Test
  void tripsAreAsTheTutorialSays() {
    await()
        .untilAsserted(
            () ->
                assertThat(
                        database
                            .sql(
                                "SELECT concat_ws(' ', traveller, price, status, reason, approved_by)"
                                    + " FROM trip ORDER BY 1")
                            .query(String.class)
                            .list())
                    .containsExactly(
                        "ann 100 CONFIRMED",
                        "ann 600 PENDING",
                        "ann 900 CONFIRMED carla",
                        "bob 100 CANCELLED REFUSED: bob has less than 100"));
    await()
        .untilAsserted(
            () ->
                assertThat(
                        database
                            .sql("SELECT concat_ws(' ', traveller, money) FROM purse ORDER BY 1")
                            .query(String.class)
                            .list())
                    .containsExactly("ann 3400", "bob 50"));
    assertThat(
            database
                .sql(
                    "SELECT concat_ws(' ', step, direction, outcome) FROM evenkeel.saga_step s"
                        + " JOIN trip t ON t.traveller = 'bob'"
                        + " JOIN evenkeel.saga_instance i ON i.id = s.saga_id AND i.key = t.id::text"
                        + " ORDER BY 1")
                .query(String.class)
                .list())
        .containsExactly(
            "register COMPENSATION DONE", "register FORWARD DONE", "takeMoney FORWARD REFUSED");
  }
}
