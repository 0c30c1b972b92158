package dev.evenkeel.saga;

import dev.evenkeel.saga.SagaSimulation.Action;
import dev.evenkeel.saga.SagaSimulation.Moment;
import dev.evenkeel.saga.SagaSimulation.Verb;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.Execution;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Commands and replies of a simulated instance on their way; they can come twice and late. */
final class SimulatedMail {

  /** How long a command is worth carrying out. */
  private static final Duration WORTH = Duration.ofHours(1);

  private static final Duration DELAY = Duration.ofMinutes(5);
  private static final Duration LONG_DELAY = Duration.ofHours(3);
  private static final String CHILDREN = "children";

  /**
   * A command.
   *
   * @param sending which asking it is
   * @param notAfter when it is too late to carry it out
   * @param isIrrefusable whether it has to happen
   */
  record Letter(
      CallTable.Order order,
      StepKey key,
      SagaVerb verb,
      int sending,
      Instant notAfter,
      boolean isIrrefusable) {}

  /** Something under way. */
  private record Item(Instant due, @Nullable Letter command, @Nullable SagaReply reply) {}

  private final SagaSimulation simulation;
  private final List<Item> items = new ArrayList<>();
  private final SimulatedParticipants participants;

  SimulatedMail(SagaSimulation simulation) {
    this.simulation = simulation;
    this.participants = new SimulatedParticipants(simulation, this);
  }

  /**
   * Asks a participant, in the instance's write.
   *
   * @throws InstanceState.InputException if the command can't be made
   */
  void send(SimulatedHome home, SimulatedOwner owner, Decision.Send send) {
    StepKey key = send.key();
    ActionStep step = SimulatedSteps.action(owner.state(), key);
    CallTable.Order order = home.order(key);
    if (order == null) {
      order = order(owner.state(), step, key);
    }
    home.asked(key, order, owner.state().step(key).asked());
    SagaVerb verb = SagaVerb.of(send.work());
    simulation.say("asks %s to %s %s".formatted(order.participant(), verb, key));
    put(
        simulation.now(),
        new Letter(
            order,
            key,
            verb,
            send.sending(),
            simulation.now().plus(WORTH),
            step.kind() == StepKind.RETRIABLE));
  }

  private CallTable.Order order(InstanceState state, ActionStep step, StepKey key) {
    Object command = simulation.command(state, step, key);
    byte[] payload =
        Objects.requireNonNull(simulation.codec().encode(command, "The command of step " + key));
    String participant = step.participant();
    return step.execution() instanceof Execution.Child child
        ? new CallTable.Order(CHILDREN, child.saga(), payload)
        : new CallTable.Order(
            Objects.requireNonNull(participant),
            ParticipantCommand.typeOf(command.getClass()),
            payload);
  }

  static boolean isChild(CallTable.Order order) {
    return order.participant().equals(CHILDREN);
  }

  /** Delivered again, as after a crash. */
  void put(Instant due, Letter command) {
    items.add(new Item(due, command, null));
  }

  void reply(SagaReply reply) {
    items.add(new Item(simulation.now(), null, reply));
  }

  @Nullable Instant nextAt() {
    return items.stream().map(Item::due).min(Instant::compareTo).orElse(null);
  }

  /** One message; whether there was one. */
  boolean deliverDue() {
    for (int i = 0; i < items.size(); i++) {
      Item item = items.get(i);
      if (!item.due().isAfter(simulation.now())) {
        items.remove(i);
        deliver(item);
        return true;
      }
    }
    return false;
  }

  private void deliver(Item item) {
    SagaReply reply = item.reply();
    Letter command = item.command();
    StepKey key = reply != null ? reply.key() : Objects.requireNonNull(command).key();
    SagaVerb asked = reply != null ? reply.verb() : Objects.requireNonNull(command).verb();
    Moment moment = reply != null ? Moment.REPLY : Moment.COMMAND;
    Verb verb = SagaSimulation.verb(asked.work());
    Action action = simulation.at(moment, verb, key.step(), key.item());
    if (action == Action.DELAY || action == Action.DELAY_LONG) {
      Duration delay = action == Action.DELAY ? DELAY : LONG_DELAY;
      simulation.say("%s %s of %s is late".formatted(asked, moment, key));
      items.add(new Item(simulation.now().plus(delay), command, reply));
      return;
    }
    if (action == Action.DUPLICATE) {
      simulation.say("%s %s of %s comes twice".formatted(asked, moment, key));
      items.add(new Item(simulation.now().plus(DELAY), command, reply));
      items.add(0, new Item(simulation.now(), command, reply));
    }
    if (reply != null) {
      take(reply);
    } else {
      participants.receive(Objects.requireNonNull(command));
    }
  }

  private void take(SagaReply reply) {
    simulation.say("%s answers %s".formatted(reply.key(), reply.outcome()));
    InstanceState nothing = simulation.home().state(simulation.home().definition());
    simulation
        .home()
        .store(
            position ->
                reply.news(position, nothing.definition(), simulation.codec(), simulation.now()));
  }
}
