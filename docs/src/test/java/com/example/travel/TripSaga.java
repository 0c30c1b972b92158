package com.example.travel;

import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.OnTimeout;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Books a trip, or leaves nothing but its row with the reason. */
@Component
@Saga(name = "book-trip", version = 1, key = "tripId", shardKey = "traveller", deadline = "PT1H")
class TripSaga implements SagaFor<BookTrip> {

  private final JdbcClient database;

  TripSaga(JdbcClient database) {
    this.database = database;
  }

  /** Before all others, so that its compensation comes after all others. */
  @SagaStep(
      after = {},
      compensation = "cancel")
  void register(BookTrip trip) {
    database
        .sql("INSERT INTO trip (id, traveller, price, status) VALUES (?, ?, ?, 'PENDING')")
        .params(trip.tripId(), trip.traveller(), trip.price())
        .update();
  }

  void cancel(BookTrip trip, SagaFailure failure) {
    database
        .sql("UPDATE trip SET status = 'CANCELLED', reason = ? WHERE id = ?")
        .params(failure.reason() + ": " + failure.message(), trip.tripId())
        .update();
  }

  @SagaStep(
      after = "register",
      compensation = "giveBack",
      retry = @Retry(noRetryFor = NotEnoughMoney.class))
  MoneyTaken takeMoney(BookTrip trip) {
    return database
        .sql(
            "UPDATE purse SET money = money - :price"
                + " WHERE traveller = :traveller AND money >= :price RETURNING money")
        .param("price", trip.price())
        .param("traveller", trip.traveller())
        .query(Integer.class)
        .optional()
        .map(left -> new MoneyTaken(trip.price(), left))
        .orElseThrow(() -> new NotEnoughMoney(trip));
  }

  void giveBack(BookTrip trip, MoneyTaken taken) {
    database
        .sql("UPDATE purse SET money = money + ? WHERE traveller = ?")
        .params(taken.amount(), trip.traveller())
        .update();
  }

  /** Nobody calls it: it says what is waited for, and for how long. */
  @AwaitEvent(
      after = "takeMoney",
      when = "needsApproval",
      timeout = "PT20M",
      onTimeout = OnTimeout.COMPENSATE)
  void approval(BookTrip trip, TripApproved event) {}

  /** The point of no return. Where no approval was needed, there is none. */
  @SagaStep(after = "approval", kind = StepKind.PIVOT)
  void confirm(BookTrip trip, TripApproved approved) {
    database
        .sql("UPDATE trip SET status = 'CONFIRMED', approved_by = ? WHERE id = ?")
        .params(approved == null ? null : approved.by(), trip.tripId())
        .update();
  }
}
