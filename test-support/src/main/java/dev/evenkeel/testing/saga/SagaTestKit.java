package dev.evenkeel.testing.saga;

import dev.evenkeel.saga.SagaParticipants;
import dev.evenkeel.saga.SagaSimulation;
import dev.evenkeel.saga.SagaSimulation.Action;
import dev.evenkeel.saga.SagaSimulation.Moment;
import dev.evenkeel.saga.SagaSimulation.Verb;
import dev.evenkeel.saga.definition.AnnotatedSaga;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Drives one saga by hand, with virtual time, and has happen to it what a test says. Steps are
 * named {@code step}, or {@code step/item} for an item of a {@code forEach} step, from 0.
 *
 * <pre>{@code
 * SagaOutcome end =
 *     SagaTestKit.of(new PlaceOrderScenario())
 *         .refuse("reserveStock/1")
 *         .crashAfterCommit("reserveCredit")
 *         .start()
 *         .runToEnd();
 * assertThat(end.state()).isEqualTo(SagaState.COMPENSATED);
 * assertThat(end.effects()).containsExactly("register/0", "reserveCredit/0", "-reserveCredit/0", "-register/0");
 * }</pre>
 *
 * <p>Participants are asked by messages, unless {@link #inProcess()}. Nothing is random. Not
 * thread-safe.
 */
public final class SagaTestKit {

  private final SagaScenario scenario;
  private final Interference script;
  private boolean inProcess;
  private boolean newestFirst;
  private @Nullable SagaSimulation simulation;

  private SagaTestKit(SagaScenario scenario, Interference script) {
    this.scenario = scenario;
    this.script = script;
  }

  /** Drives that saga. */
  public static SagaTestKit of(SagaScenario scenario) {
    return of(scenario, new Interference());
  }

  static SagaTestKit of(SagaScenario scenario, Interference script) {
    return new SagaTestKit(scenario, script);
  }

  // ---- before the start

  /** Participants are called directly, as by a process that has their handlers. */
  public SagaTestKit inProcess() {
    inProcess = true;
    return this;
  }

  /** Of several steps that can run, the last one runs first. */
  public SagaTestKit newestFirst() {
    newestFirst = true;
    return this;
  }

  /** The step refuses, in place of its code. */
  public SagaTestKit refuse(String step) {
    return once(Moment.ATTEMPT, Verb.DO, step, Action.REFUSE);
  }

  /**
   * The step fails, each time when its code has run.
   *
   * @param times at its first attempts, from 1
   */
  public SagaTestKit fail(String step, int times) {
    script.at(Interference.point(Moment.ATTEMPT, Verb.DO, step), 1, times, Action.FAIL);
    return this;
  }

  /** The step's compensation fails, each time when its code has run. */
  public SagaTestKit failCompensation(String step, int times) {
    script.at(Interference.point(Moment.ATTEMPT, Verb.UNDO, step), 1, times, Action.FAIL);
    return this;
  }

  /** The process that carries the step out ends before the step's commit. */
  public SagaTestKit crashBeforeCommit(String step) {
    return once(Moment.BEFORE_COMMIT, Verb.DO, step, Action.CRASH);
  }

  /** The process that carries the step out ends after the step's commit. */
  public SagaTestKit crashAfterCommit(String step) {
    return once(Moment.AFTER_COMMIT, Verb.DO, step, Action.CRASH);
  }

  /** {@link #crashBeforeCommit} of the step's compensation. */
  public SagaTestKit crashBeforeCompensation(String step) {
    return once(Moment.BEFORE_COMMIT, Verb.UNDO, step, Action.CRASH);
  }

  /** {@link #crashAfterCommit} of the step's compensation. */
  public SagaTestKit crashAfterCompensation(String step) {
    return once(Moment.AFTER_COMMIT, Verb.UNDO, step, Action.CRASH);
  }

  /** The step's command and its reply come twice each. */
  public SagaTestKit duplicateMessages(String step) {
    once(Moment.COMMAND, Verb.DO, step, Action.DUPLICATE);
    return once(Moment.REPLY, Verb.DO, step, Action.DUPLICATE);
  }

  /** The step's first command comes when it was asked for again. */
  public SagaTestKit delayCommand(String step) {
    return once(Moment.COMMAND, Verb.DO, step, Action.DELAY);
  }

  private SagaTestKit once(Moment moment, Verb verb, String step, Action action) {
    script.once(Interference.point(moment, verb, step), action);
    return this;
  }

  // ---- from the start on

  /** Starts the saga with the scenario's command; nothing runs yet. */
  public SagaTestKit start() {
    return start(scenario.command());
  }

  /** Starts the saga with another command. */
  public SagaTestKit start(Object command) {
    if (simulation != null) {
      throw new IllegalStateException("It is started already; make another kit");
    }
    simulation =
        new SagaSimulation(
            this::beans,
            SimulatedStore.codec(),
            scenario.store().transactions(),
            inProcess,
            newestFirst,
            script);
    simulation.start(command);
    return this;
  }

  private SagaSimulation.Beans beans() {
    return new SagaSimulation.Beans(
        definition(scenario.saga()),
        SagaParticipants.of(
            scenario.participants().stream()
                .map(bean -> new SagaParticipants.Bean(bean, bean.getClass()))
                .toList()));
  }

  static SagaDefinition definition(Object saga) {
    return saga instanceof SagaDefinition definition
        ? definition
        : AnnotatedSaga.of(saga, saga.getClass());
  }

  /** Sends an event. */
  public SagaTestKit signal(Object event) {
    simulation().signal(event);
    return this;
  }

  /** Asks the saga to turn back. */
  public SagaTestKit cancel(String reason) {
    simulation().cancel(reason);
    return this;
  }

  /** Runs until nothing more happens, without time passing. */
  public SagaTestKit run() {
    boolean moves = true;
    while (moves) {
      moves = simulation().move();
    }
    return this;
  }

  /** Runs until nothing more happens, then has that much time pass at once, and runs on. */
  public SagaTestKit passTime(Duration time) {
    run();
    simulation().pass(time);
    return run();
  }

  /**
   * Runs to the end, with as much time as it takes; or to where only somebody else can move it on.
   * Sends no event.
   */
  public SagaOutcome runToEnd() {
    return runToEnd(List.of());
  }

  /** With events, each when nothing happens without. */
  SagaOutcome runToEnd(List<Object> signals) {
    int sent = 0;
    boolean goesOn = true;
    while (goesOn && !simulation().state().isEnded() && faults().isEmpty()) {
      if (!simulation().move()) {
        if (sent < signals.size()) {
          simulation().signal(signals.get(sent++));
        } else {
          goesOn = simulation().passToNext();
        }
      }
    }
    simulation().release();
    boolean mail = simulation().state().isEnded();
    while (mail && faults().isEmpty()) {
      mail = simulation().move() || simulation().passToNext();
    }
    return outcome();
  }

  /** As it stands. */
  public SagaOutcome outcome() {
    SagaSimulation of = simulation();
    return new SagaOutcome(
        of.state(), of.failure(), of.trouble(), of.effects(), of.history(), faults());
  }

  private List<String> faults() {
    List<String> faults = new java.util.ArrayList<>(scenario.store().faults());
    faults.addAll(simulation().faults());
    return faults;
  }

  SagaSimulation simulation() {
    if (simulation == null) {
      throw new IllegalStateException("Call start() first");
    }
    return simulation;
  }
}
