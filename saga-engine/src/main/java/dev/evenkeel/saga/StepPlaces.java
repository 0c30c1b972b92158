package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.saga.InstanceState.InputException;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.Execution;
import dev.evenkeel.saga.definition.StepDefinition;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where the steps of one instance are done and by whose code: pure functions of its definition,
 * command and results, so that every owner finds the same.
 */
final class StepPlaces {

  /** The slot of a step's transaction, and what is called in it. */
  record Place(int slot, StepCode code) {}

  private final HomeShard home;
  private final int homeSlot;

  StepPlaces(HomeShard home, int homeSlot) {
    this.home = home;
    this.homeSlot = homeSlot;
  }

  /**
   * Of a step that this process carries out.
   *
   * @throws InputException if it can't be computed
   */
  Place of(InstanceState state, ActionStep step, StepKey key) {
    String participant = step.participant();
    if (participant == null) {
      return new Place(slot(state, step, key), StepCode.of(step));
    }
    Object command = command(state, step, key);
    ParticipantCommand handler = handler(participant, command);
    return new Place(slot(handler, command), StepCode.of(step, handler, command));
  }

  /**
   * What a participant elsewhere is asked, or the service itself for a child.
   *
   * @throws InputException if it can't be computed
   */
  CallTable.Order order(InstanceState state, ActionStep step, StepKey key) {
    Object command = command(state, step, key);
    byte[] payload =
        home.engine().codec().encode(command, "The command of step \"%s\"".formatted(step.name()));
    return new CallTable.Order(
        participant(step),
        step.execution() instanceof Execution.Child child
            ? child.saga()
            : ParticipantCommand.typeOf(command.getClass()),
        Objects.requireNonNull(payload));
  }

  /** For the eye: the shard, or who does it; null when nobody knows now. */
  @Nullable String name(InstanceState state, StepDefinition step, StepKey key) {
    if (!(step instanceof ActionStep action)) {
      return home.name();
    }
    if (action.execution().isDelegated()) {
      return participant(action);
    }
    try {
      return home.engine().shards().shardOf(slot(state, action, key));
    } catch (RuntimeException e) {
      return null;
    }
  }

  /** A child saga is carried out by its own service, as by a participant. */
  private String participant(ActionStep step) {
    String participant = step.participant();
    return participant != null ? participant : home.engine().options().childParticipant();
  }

  /** What the step's code makes for whoever carries it out. */
  private static Object command(InstanceState state, ActionStep step, StepKey key) {
    try {
      return Objects.requireNonNull(step.action().call(new StepInput(state, step, key, null)));
    } catch (Exception e) {
      throw new InputException(
          "The command of step \"%s\" can't be made: %s".formatted(key, e.getMessage()), e);
    }
  }

  private ParticipantCommand handler(String participant, Object command) {
    SagaParticipants participants = home.engine().context().participants();
    String type = ParticipantCommand.typeOf(command.getClass());
    ParticipantCommand handler = participants.find(participant, type);
    if (handler == null) {
      throw new InputException(
          "Participant \"%s\" has no handler of the command \"%s\" in this process; it has %s"
              .formatted(participant, type, participants.commands(participant)),
          null);
    }
    return handler;
  }

  private int slot(ParticipantCommand handler, Object command) {
    ShardKey key;
    try {
      key = handler.shardKey(command);
    } catch (RuntimeException e) {
      throw new InputException(String.valueOf(e.getMessage()), e);
    }
    return key == null ? homeSlot : home.engine().slotOf(key.strategy(), key.text());
  }

  private int slot(InstanceState state, ActionStep step, StepKey key) {
    ActionStep.Reader<@Nullable String> reader = step.shardKey();
    if (reader == null) {
      return homeSlot;
    }
    String shardKey;
    try {
      shardKey = reader.read(new StepInput(state, step, key, null));
    } catch (RuntimeException e) {
      throw new InputException(
          "The shard key of step \"%s\" can't be read: %s".formatted(key, e.getMessage()), e);
    }
    if (shardKey == null || shardKey.isBlank()) {
      throw new InputException(
          "The shard key of step \"%s\" is %s".formatted(key, shardKey == null ? "null" : "blank"),
          null);
    }
    return home.engine().slotOf(step.shardStrategy(), shardKey);
  }
}
