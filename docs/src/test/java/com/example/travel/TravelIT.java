package com.example.travel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.SagaHistoryEntry;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@SpringBootTest(properties = "evenkeel.relay.enabled=false")
class TravelIT {

  @DynamicPropertySource
  static void database(DynamicPropertyRegistry properties) {
    DatabaseInfo database = TestDatabase.shared().createDatabase();
    properties.add("spring.datasource.url", database::jdbcUrl);
    properties.add("spring.datasource.username", database::username);
    properties.add("spring.datasource.password", database::password);
  }

  @Autowired private Travel travel;
  @Autowired private Sagas sagas;
  @Autowired private JdbcClient database;

  @Test
  void tripIsPaidAndConfirmed() {
    givePurse("dora", 300);

    UUID trip = travel.book("dora", 100);

    awaitState(trip, "dora", SagaState.COMPLETED);
    assertThat(trip(trip)).isEqualTo("CONFIRMED");
    assertThat(money("dora")).isEqualTo(200);
  }

  @Test
  void tripThatCantBePaidIsCancelledAndSaysWhy() {
    givePurse("emil", 50);

    UUID trip = travel.book("emil", 100);

    awaitState(trip, "emil", SagaState.COMPENSATED);
    assertThat(trip(trip)).isEqualTo("CANCELLED REFUSED: emil has less than 100");
    assertThat(money("emil")).isEqualTo(50);
  }

  @Test
  void expensiveTripWaitsForItsApproval() {
    givePurse("fay", 1_000);

    UUID trip = travel.book("fay", 600);
    awaitDone(trip, "fay", "takeMoney");
    assertThat(trip(trip)).isEqualTo("PENDING");

    travel.approve(trip, "fay", "carla");
    awaitState(trip, "fay", SagaState.COMPLETED);
    assertThat(trip(trip)).isEqualTo("CONFIRMED carla");
  }

  @Test
  void cancelledTripGivesTheMoneyBack() {
    givePurse("gus", 1_000);
    UUID trip = travel.book("gus", 600);
    awaitDone(trip, "gus", "takeMoney");

    travel.cancel(trip, "gus", "the weather");

    awaitState(trip, "gus", SagaState.COMPENSATED);
    assertThat(trip(trip)).isEqualTo("CANCELLED CANCELLED: the weather");
    assertThat(money("gus")).isEqualTo(1_000);
  }

  private void awaitState(UUID trip, String traveller, SagaState state) {
    await().until(() -> travel.status(trip, traveller).orElseThrow().state() == state);
  }

  private void awaitDone(UUID trip, String traveller, String step) {
    SagaStatus status = travel.status(trip, traveller).orElseThrow();
    await()
        .until(
            () ->
                sagas.history(status.id()).stream()
                    .anyMatch(
                        line ->
                            line.kind() == SagaHistoryEntry.Kind.DONE && step.equals(line.step())));
  }

  private void givePurse(String traveller, int money) {
    database.sql("INSERT INTO purse VALUES (?, ?)").params(traveller, money).update();
  }

  private int money(String traveller) {
    return database
        .sql("SELECT money FROM purse WHERE traveller = ?")
        .params(traveller)
        .query(Integer.class)
        .single();
  }

  /** Status, and the reason or who approved it. */
  private String trip(UUID trip) {
    return database
        .sql("SELECT concat_ws(' ', status, reason, approved_by) FROM trip WHERE id = ?")
        .params(trip)
        .query(String.class)
        .single();
  }
}
