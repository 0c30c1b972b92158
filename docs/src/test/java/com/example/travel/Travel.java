package com.example.travel;

import dev.evenkeel.saga.SagaRef;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import java.util.Optional;
import java.util.UUID;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** What others do with trips. */
@Service
public class Travel {

  private static final int APPROVAL_ABOVE = 500;

  private final Sagas sagas;

  Travel(Sagas sagas) {
    this.sagas = sagas;
  }

  /** The saga's start commits with whatever else this transaction writes, or not at all. */
  @Transactional
  public UUID book(String traveller, int price) {
    UUID tripId = UUID.randomUUID();
    sagas.start(new BookTrip(tripId, traveller, price, price > APPROVAL_ABOVE));
    return tripId;
  }

  /** Stored now, and looked at when the saga waits for it. */
  public void approve(UUID tripId, String traveller, String by) {
    sagas.signal(saga(tripId, traveller), new TripApproved(by));
  }

  /** Asks the saga to turn back. */
  public void cancel(UUID tripId, String traveller, String reason) {
    sagas.cancel(saga(tripId, traveller), reason);
  }

  /** Where the saga stands. */
  public Optional<SagaStatus> status(UUID tripId, String traveller) {
    return sagas.find(saga(tripId, traveller));
  }

  private static SagaRef saga(UUID tripId, String traveller) {
    return new SagaRef("book-trip", tripId.toString(), traveller);
  }
}
