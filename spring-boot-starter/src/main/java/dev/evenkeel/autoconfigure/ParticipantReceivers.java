package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetterPolicy;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.saga.SagaParticipants;
import java.util.List;

/**
 * Adds what receives the commands of sagas that run elsewhere. No two commands need an order, so
 * one that can't be handled holds up no other.
 */
final class ParticipantReceivers implements InboxHandlerSource {

  private final ParticipantBeans beans;
  private final SagaParticipants.Surroundings surroundings;

  ParticipantReceivers(ParticipantBeans beans, SagaParticipants.Surroundings surroundings) {
    this.beans = beans;
    this.surroundings = surroundings;
  }

  @Override
  public List<String> addTo(InboxHandlers.Builder builder) {
    beans
        .participants()
        .receivers(surroundings)
        .forEach(receiver -> builder.addDirect(receiver, DeadLetterPolicy.SKIP));
    return beans.mistakes();
  }
}
