package com.example.travel;

/** A traveller can't pay. */
class NotEnoughMoney extends RuntimeException {

  NotEnoughMoney(BookTrip trip) {
    super("%s has less than %d".formatted(trip.traveller(), trip.price()));
  }
}
