package com.example.trips;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.definition.StepDefinition;
import org.junit.jupiter.api.Test;

class TripSagasTest {

  @Test
  void definitionOnThePageIsUsable() {
    Trips trips =
        new Trips() {
          @Override
          public MoneyTaken takeMoney(BookTrip trip) {
            return new MoneyTaken(trip.price());
          }

          @Override
          public void giveBack(BookTrip trip, MoneyTaken taken) {}

          @Override
          public void confirm(BookTrip trip) {}
        };

    assertThat(new TripSagas().bookTrip(trips).steps())
        .extracting(StepDefinition::name)
        .containsExactly("takeMoney", "approval", "confirm");
  }
}
