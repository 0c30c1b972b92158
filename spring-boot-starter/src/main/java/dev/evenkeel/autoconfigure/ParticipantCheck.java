package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaParticipants;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinitions;
import java.util.Objects;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at start-up whether those whom the sagas ask can be reached. */
final class ParticipantCheck {

  private static final Logger log = LoggerFactory.getLogger(ParticipantCheck.class);

  private ParticipantCheck() {}

  /**
   * Warns of participants that are not here, where messages do not leave the installation: only a
   * process on the same databases could have them.
   */
  static void warnOfAbsent(SagaDefinitions definitions, SagaParticipants participants) {
    TreeSet<String> absent = new TreeSet<>();
    definitions.all().stream()
        .flatMap(definition -> definition.steps().stream())
        .map(step -> step instanceof ActionStep action ? action.participant() : null)
        .filter(Objects::nonNull)
        .forEach(absent::add);
    absent.removeAll(participants.names());
    if (!absent.isEmpty()) {
      log.warn(
          "Sagas of this process ask the participants {}, which have no @SagaParticipant here, and"
              + " evenkeel.transport is in-process, so that no other service is asked: their steps"
              + " will wait until a process on the same databases has them. Add the beans, or set"
              + " evenkeel.transport=kafka",
          absent);
    }
  }
}
