package com.example.trips;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.saga.SagaRef;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.shard.guard.DualWriteAllowed;
import org.springframework.stereotype.Component;

@OutboxEvent(type = "payment-wanted", aggregateType = "trip", key = "tripId")
record PaymentWanted(String tripId, String traveller, int amount) {}

record PaymentMade(String receipt) {}

interface PaymentServer {
  String pay(String idempotencyKey, int amount);
}

@Component
record Payments(PaymentServer server, Sagas sagas) {

  @InboxHandler(consumer = "payments", shardKey = "traveller") // the saga's home
  @DualWriteAllowed(because = "the server knows a repeated call by its key")
  void on(PaymentWanted event) { // appended by a step
    String receipt = server.pay("trip-" + event.tripId(), event.amount());
    SagaRef saga = new SagaRef("book-trip", event.tripId(), event.traveller());
    sagas.signal(saga, new PaymentMade(receipt)); // commits with the inbox row
  }
}
