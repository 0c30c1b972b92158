package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.Execution;
import dev.evenkeel.saga.definition.SagaDefinitionException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.AnnotatedElementUtils;

/** The participants that this process has handlers of. Built once, immutable, thread-safe. */
public final class SagaParticipants {

  /** Nobody. */
  public static final SagaParticipants NONE = new SagaParticipants(new TreeMap<>());

  /**
   * A bean with {@link SagaParticipant}.
   *
   * @param bean the object to call, proxy included; called by several threads
   * @param type class of the bean, not of its proxy
   */
  public record Bean(Object bean, Class<?> type) {}

  private final TreeMap<String, Map<String, ParticipantCommand>> participants; // by command type

  private SagaParticipants(TreeMap<String, Map<String, ParticipantCommand>> participants) {
    this.participants = participants;
  }

  /**
   * Reads participants from their beans.
   *
   * @throws SagaDefinitionException naming every mistake
   */
  public static SagaParticipants of(Collection<Bean> beans) {
    TreeMap<String, Map<String, ParticipantCommand>> participants = new TreeMap<>();
    List<String> mistakes = new ArrayList<>();
    for (Bean bean : beans) {
      SagaParticipant said =
          AnnotatedElementUtils.findMergedAnnotation(bean.type(), SagaParticipant.class);
      String name = said == null ? "" : said.value();
      if (!Execution.Participant.isLegal(name)) {
        mistakes.add(
            "@SagaParticipant of %s must name 1 to 100 letters, digits, '.', '_' or '-', was \"%s\""
                .formatted(bean.type().getName(), name));
        continue;
      }
      for (ParticipantCommand command : ParticipantCommand.read(name, bean, mistakes)) {
        ParticipantCommand other =
            participants
                .computeIfAbsent(name, n -> new TreeMap<>())
                .putIfAbsent(command.type(), command);
        if (other != null) {
          mistakes.add(
              "%s and %s both handle the command \"%s\" of participant \"%s\""
                  .formatted(other, command, command.type(), name));
        }
      }
    }
    if (!mistakes.isEmpty()) {
      throw new SagaDefinitionException(mistakes);
    }
    return new SagaParticipants(participants);
  }

  /** Their names. */
  public Set<String> names() {
    return Set.copyOf(participants.keySet());
  }

  /** The handler of a command; null when there is none here. */
  @Nullable ParticipantCommand find(String participant, String type) {
    return participants.getOrDefault(participant, Map.of()).get(type);
  }

  /** The commands that a participant takes here, for errors. */
  Set<String> commands(String participant) {
    return participants.getOrDefault(participant, Map.of()).keySet();
  }
}
