package com.example.trips;

import dev.evenkeel.saga.StepKind;
import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

record BookTrip(String tripId, String traveller, int price, boolean needsApproval) {}

record MoneyTaken(int amount) {}

record TripApproved(String by) {}

class NotEnoughMoney extends RuntimeException {}

interface Trips {
  MoneyTaken takeMoney(BookTrip trip);

  void giveBack(BookTrip trip, MoneyTaken taken);

  void confirm(BookTrip trip);
}

@Configuration
class TripSagas {

  private static final RetryPolicy RETRY =
      new RetryPolicy(
          5, Duration.ofMillis(200), Duration.ofMinutes(1), List.of(NotEnoughMoney.class));

  @Bean
  SagaDefinition bookTrip(Trips trips) {
    return SagaBuilder.saga("book-trip", 1, BookTrip.class)
        .key("tripId")
        .shardKey("traveller")
        .deadline(Duration.ofHours(1))
        .step(
            "takeMoney",
            step ->
                step.after()
                    .returns(MoneyTaken.class)
                    .run(context -> trips.takeMoney(context.command()))
                    .compensation(
                        context ->
                            trips.giveBack(
                                context.command(), context.result("takeMoney", MoneyTaken.class)))
                    .retry(RETRY))
        .await(
            "approval",
            TripApproved.class,
            step -> step.after("takeMoney").when("needsApproval").timeout(Duration.ofMinutes(20)))
        .step(
            "confirm",
            step ->
                step.after("approval")
                    .kind(StepKind.PIVOT)
                    .run(
                        context -> {
                          trips.confirm(context.command());
                          return null;
                        }))
        .build();
  }
}
