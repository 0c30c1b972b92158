package dev.evenkeel.saga;

import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.ProtocolOutbox;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionFlush;
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

  /**
   * What surrounds participants that are asked by messages.
   *
   * @param storage where answers are until they are sent
   * @param codec reads commands and writes results
   * @param flushes mappers to flush before a row is written
   * @param messages told what is appended to the outbox
   * @param time what is added to the database's clock
   * @param maxPayloadBytes largest result
   */
  public record Surroundings(
      String schema,
      OutboxStorage storage,
      PayloadCodec codec,
      List<TransactionFlush> flushes,
      MessageObserver messages,
      TimeSource time,
      int maxPayloadBytes) {

    public Surroundings {
      flushes = List.copyOf(flushes);
    }

    /** With an outbox that is a table. */
    public Surroundings(
        String schema,
        PayloadCodec codec,
        List<TransactionFlush> flushes,
        MessageObserver messages,
        TimeSource time,
        int maxPayloadBytes) {
      this(schema, OutboxStorage.TABLE, codec, flushes, messages, time, maxPayloadBytes);
    }

    ProtocolOutbox outbox() {
      return new ProtocolOutbox(schema, storage, messages);
    }
  }

  private final Map<String, Map<String, ParticipantCommand>> participants; // by command type

  private SagaParticipants(Map<String, Map<String, ParticipantCommand>> participants) {
    this.participants = participants;
  }

  /**
   * Reads participants from their beans.
   *
   * @throws SagaDefinitionException naming every mistake
   */
  public static SagaParticipants of(Collection<Bean> beans) {
    Map<String, Map<String, ParticipantCommand>> participants = new TreeMap<>();
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

  /**
   * What receives the messages of sagas that are run elsewhere: one handler for each participant,
   * named {@code participant:<name>}. It handles a message in transactions of its own and answers
   * through the outbox.
   */
  public List<DirectHandler> receivers(Surroundings surroundings) {
    return participants.keySet().stream()
        .<DirectHandler>map(name -> new ParticipantReceiver(name, this, surroundings))
        .toList();
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
