package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.saga.Decision.Effect;
import dev.evenkeel.saga.InstanceState.Signal;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.AwaitStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One instance that the real coordinator drives, a move at a time, over rows, messages and a clock
 * that are held in memory: for tests of sagas. The application's steps, compensations and handlers
 * are really called; whatever happens is the same each time. A crash forgets all that the process
 * had in memory, its beans included. Not thread-safe.
 */
public final class SagaSimulation {

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration TICK = Duration.ofMillis(1);
  private static final int STUCK_AFTER = 10;
  private static final int MAX_PAYLOAD = 256 * 1024;

  /** Most moves of one simulation; who needs more goes round in circles. */
  public static final int MAX_MOVES = 20_000;

  /** Where effects happen. */
  public interface Transactions {

    /** Stands for no transaction at all. */
    int OUTSIDE = -1;

    /** The slot of a shard key, 0 to 4,095. */
    int slotOf(String strategy, String key);

    /**
     * Does work in a transaction of a slot, or {@link #OUTSIDE} one; takes back what it did when it
     * returns false or throws.
     */
    boolean run(int slot, TransactionWork work) throws Exception;
  }

  /** What is done in a transaction. */
  public interface TransactionWork {

    /** Does it; whether to commit. */
    boolean call() throws Exception;
  }

  /**
   * What a process has in memory before it knows of any instance; a new one after each crash.
   *
   * @param definition of the saga
   * @param participants that the process has, or that play those of other processes
   */
  public record Beans(SagaDefinition definition, SagaParticipants participants) {}

  /** Where a script can interfere. */
  public enum Moment {
    /** An attempt begins. */
    ATTEMPT,
    /** Everything is done and nothing is committed. */
    BEFORE_COMMIT,
    /** Nobody has learned yet of what is committed. */
    AFTER_COMMIT,
    /** A command arrives at its participant. */
    COMMAND,
    /** A reply arrives. */
    REPLY
  }

  /** Of what. */
  public enum Verb {
    /** A step. */
    DO,
    /** Keeping a step from beginning, when the saga turns back. */
    FENCE,
    /** Undoing a step. */
    UNDO,
    /** Writing a refusal. */
    REFUSE,
    /** Writing the instance. */
    WRITE
  }

  /**
   * A moment of something.
   *
   * @param step its name; of a write what the write is about
   * @param item of a {@code forEach} step, from 0
   */
  public record Point(Moment moment, Verb verb, String step, int item) {}

  /** What a script has happen. */
  public enum Action {
    /** Nothing special. */
    GO,
    /** At an attempt: it refuses, in place of its code. */
    REFUSE,
    /** At an attempt: it fails when its code has run. */
    FAIL,
    /** The process ends. */
    CRASH,
    /** At an attempt: its process stands still, and another takes the saga over. */
    STALL,
    /** What stands still goes on first, up to its commit. */
    RELEASE,
    /** At a message: it comes now and a second time. */
    DUPLICATE,
    /** At a message: it comes later, when it was asked for again. */
    DELAY,
    /** At a message: it comes much later, when its time is over. */
    DELAY_LONG
  }

  /** Says what happens, at each point once. */
  @FunctionalInterface
  public interface Script {
    Action at(Point point);
  }

  /** Something begun by an owner that will not learn of it. */
  private record Stalled(SimulatedOwner owner, SimulatedOwner.Pending pending) {}

  private final Supplier<Beans> processes;
  private final SimulatedTimeline timeline = new SimulatedTimeline(START);
  private final SagaCodec codec;
  private final SagaCoordinator coordinator;
  private final Transactions transactions;
  private final boolean inProcess;
  private final boolean newestFirst;
  private final Script script;
  private final List<Stalled> stalled = new ArrayList<>();
  private final SimulatedRows rows = new SimulatedRows();
  private final SimulatedMail mail;
  private final SimulatedSteps steps;
  private @Nullable SimulatedHome home;
  private @Nullable SimulatedOwner owner;
  private int moves;

  /**
   * Makes a simulation.
   *
   * @param processes makes one at the start and after each crash
   * @param codec of commands, results and events
   * @param inProcess whether participants are called directly, and not by messages
   * @param newestFirst whether of several steps that can run the last one runs first
   */
  public SagaSimulation(
      Supplier<Beans> processes,
      PayloadCodec codec,
      Transactions transactions,
      boolean inProcess,
      boolean newestFirst,
      Script script) {
    this.processes = processes;
    this.codec = new SagaCodec(codec, MAX_PAYLOAD);
    this.coordinator = new SagaCoordinator(codec, STUCK_AFTER);
    this.transactions = transactions;
    this.inProcess = inProcess;
    this.newestFirst = newestFirst;
    this.script = script;
    this.mail = new SimulatedMail(this);
    this.steps = new SimulatedSteps(this);
  }

  // ---- from outside

  /**
   * Starts the instance.
   *
   * @throws IllegalArgumentException if the command has no key or shard key
   */
  public void start(Object command) {
    Beans beans = processes.get();
    SagaDefinition definition = beans.definition();
    Object stored = stored(command);
    String shardKey = text(definition.shardKey(stored), "shard key");
    text(definition.key(stored), "key");
    int slot = transactions.slotOf(definition.shardStrategy(), shardKey);
    UUID id = new UUID(0, slot); // the same each time
    Set<String> local = inProcess ? beans.participants().names() : Set.of();
    home = new SimulatedHome(definition, id, slot, stored, now(), local);
    owner = new SimulatedOwner(beans, 1, home.state(definition));
    say("started: " + stored);
    decide(List.of(new SagaNews.Look()));
  }

  private Object stored(Object command) {
    Object stored =
        codec.result(
            Objects.requireNonNull(codec.encode(command, "The command")), command.getClass());
    return Objects.requireNonNull(stored);
  }

  private static String text(@Nullable String value, String what) {
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException("The command has no " + what);
    }
    return value;
  }

  /**
   * Stores an event, unless the instance has ended.
   *
   * @throws IllegalArgumentException if no step awaits such an event
   */
  public void signal(Object event) {
    SimulatedHome to = home();
    String type = null;
    for (StepDefinition step : to.definition().steps()) {
      if (step instanceof AwaitStep await && await.resultType() == event.getClass()) {
        type = await.eventType();
      }
    }
    if (type == null) {
      throw new IllegalArgumentException(
          "No step of %s awaits a %s".formatted(to.definition(), event.getClass().getName()));
    }
    byte[] payload = Objects.requireNonNull(codec.encode(event, "The event"));
    String stored = type;
    say("signalled: " + event);
    to.store(position -> new SagaNews.Signalled(new Signal(position, stored, payload)));
  }

  /** Asks it to turn back. */
  public void cancel(String reason) {
    say("cancelled: " + reason);
    home().store(position -> new SagaNews.Cancelled(position, reason));
  }

  /** Lets time pass; nothing happens meanwhile. */
  public void pass(Duration time) {
    say("%s pass".formatted(time));
    timeline.pass(time);
  }

  /** Lets time pass up to when something is to be done; false when there is nothing to wait for. */
  public boolean passToNext() {
    Instant next = mail.nextAt();
    SimulatedOwner of = owner;
    if (of != null && !isEnded() && of.lookAt() != null) {
      Instant look = of.lookAt();
      next = next == null || look.isBefore(next) ? look : next;
    }
    if (next == null) {
      return false;
    }
    if (next.isAfter(now())) {
      timeline.pass(Duration.between(now(), next));
    }
    return true;
  }

  /** What stands still goes on up to its commit. */
  public void release() {
    List<Stalled> released = List.copyOf(stalled);
    stalled.clear();
    for (Stalled late : released) {
      say("the former owner goes on with " + late.pending().effect().key());
      steps.late(late.owner(), late.pending());
    }
  }

  /**
   * Makes one move.
   *
   * @return false when nothing can happen before time passes or somebody tells the saga something
   * @throws IllegalStateException after {@link #MAX_MOVES} moves
   */
  public boolean move() {
    if (moves++ >= MAX_MOVES) {
      throw new IllegalStateException("It has not ended after %d moves".formatted(MAX_MOVES));
    }
    timeline.pass(TICK);
    if (isEnded()) {
      return mail.deliverDue();
    }
    SimulatedOwner of = owner;
    if (of == null) {
      takeOver();
      return true;
    }
    List<SagaNews> news = of.unread(home().events());
    if (!news.isEmpty()) {
      news.add(new SagaNews.Look());
      decide(news);
      return true;
    }
    SimulatedOwner.Pending pending = of.next(newestFirst);
    if (pending != null) {
      steps.perform(of, pending);
      return true;
    }
    if (mail.deliverDue()) {
      return true;
    }
    if (of.isDirty()) {
      write(null);
      return true;
    }
    Instant look = of.lookAt();
    if (look != null && !look.isAfter(now())) {
      decide(List.of(new SagaNews.Look()));
      return true;
    }
    return false;
  }

  // ---- what can be seen

  /** Where it stands. */
  public SagaState state() {
    return home().phase();
  }

  private boolean isEnded() {
    return home().phase().isEnded();
  }

  /** Why it turned back; null when it did not. */
  public @Nullable SagaFailure failure() {
    return home().failure();
  }

  /** What keeps it; null when nothing does. */
  public @Nullable String trouble() {
    return owner == null ? null : owner.state().trouble();
  }

  /** What took effect, in order, as {@code step/item}, undone ones with a minus before it. */
  public List<String> effects() {
    return rows.effects();
  }

  /** What happened, oldest first, each line with the time since the start. */
  public List<String> history() {
    return timeline.lines();
  }

  /** What a correct saga does not do: failures of the application's own, and inputs that differ. */
  public List<String> faults() {
    List<String> faults = new ArrayList<>(timeline.faults());
    faults.addAll(rows.faults(home()));
    return faults;
  }

  /** By the simulation's clock. */
  public Instant now() {
    return timeline.now();
  }

  // ---- the owner

  void decide(List<SagaNews> news) {
    SimulatedOwner of = Objects.requireNonNull(owner);
    InstanceState before = of.state();
    Decision decision = coordinator.decide(before, news, now());
    of.take(decision, news);
    decision.effects().forEach(of::add);
    if (decision.write() != Decision.Write.FIRST) {
      return;
    }
    if (decision.unlessNews() && !of.hasRead(home().events())) {
      of.back(before);
      return;
    }
    write(decision);
  }

  /**
   * One transaction at home.
   *
   * @param decision that comes first; null for what could wait
   */
  private void write(@Nullable Decision decision) {
    SimulatedOwner of = Objects.requireNonNull(owner);
    String about = of.about(home(), decision);
    if (at(Moment.BEFORE_COMMIT, Verb.WRITE, about, 0) == Action.CRASH) {
      crash("before the write of " + about);
      return;
    }
    List<SagaNews> failures = new ArrayList<>();
    SagaState phase = home().phase();
    home().write(of, decision);
    if (decision != null) {
      for (Decision.Send send : decision.sends()) {
        try {
          mail.send(home(), of, send);
        } catch (InstanceState.InputException e) {
          failures.add(steps.failed(send.key(), send.work(), SagaNews.Failed.Kind.INPUT, e, true));
        }
      }
    }
    if (home().phase() != phase) {
      SagaFailure why = home().failure();
      say("%s%s".formatted(home().phase(), why == null ? "" : ": " + why.message()));
    }
    if (at(Moment.AFTER_COMMIT, Verb.WRITE, about, 0) == Action.CRASH) {
      crash("after the write of " + about);
      return;
    }
    if (decision != null && !isEnded()) {
      failures.add(new SagaNews.Look());
      decide(failures);
    }
  }

  void crash(String when) {
    say("the process ends " + when);
    owner = null;
  }

  void stall(SimulatedOwner of, SimulatedOwner.Pending pending) {
    say("the process stands still in " + pending.effect().key());
    stalled.add(new Stalled(of, pending));
    owner = null;
  }

  private void takeOver() {
    Beans beans = processes.get();
    InstanceState nothing = home().state(beans.definition());
    List<SagaNews> known = new ArrayList<>(rows.news(codec, beans.definition(), home().slot()));
    known.addAll(home().news(codec, beans.definition()));
    InstanceState state = coordinator.learn(nothing, known, now());
    owner = new SimulatedOwner(beans, home().nextEpoch(), home().resumed(state));
    owner.hasRead(home().slot());
    say("another process takes over");
    List<SagaNews> news = owner.unread(home().events());
    news.add(new SagaNews.Look());
    decide(news);
  }

  // ---- parts, for the classes beside this one

  Action at(Moment moment, Verb verb, String step, int item) {
    Action action = script.at(new Point(moment, verb, step, item));
    if (action == Action.RELEASE) {
      release();
      return Action.GO;
    }
    return action;
  }

  Beans newBeans() {
    return processes.get();
  }

  SimulatedHome home() {
    if (home == null) {
      throw new IllegalStateException("The saga is not started");
    }
    return home;
  }

  SimulatedRows rows() {
    return rows;
  }

  SimulatedMail mail() {
    return mail;
  }

  SagaCodec codec() {
    return codec;
  }

  Transactions transactions() {
    return transactions;
  }

  void say(String line) {
    timeline.say(line);
  }

  void fault(String fault) {
    timeline.fault(fault);
  }

  /** What a step's code makes for whoever carries it out, which has to be the same each time. */
  Object command(InstanceState state, ActionStep step, StepKey key) {
    Object command = make(state, step, key);
    byte[] first = codec.encode(command, "The command of step " + key);
    byte[] second = codec.encode(make(state, step, key), "The command of step " + key);
    if (!Arrays.equals(first, second)) {
      fault(
          "Step \"%s\" makes another command each time: it must depend on its parameters only"
              .formatted(key));
    }
    return command;
  }

  private static Object make(InstanceState state, ActionStep step, StepKey key) {
    try {
      return Objects.requireNonNull(
          step.action().call(new StepInput(state, step, key, null)), "it is null");
    } catch (Exception e) {
      throw new InstanceState.InputException(
          "The command of step \"%s\" can't be made: %s".formatted(key, e.getMessage()), e);
    }
  }

  static Verb verb(Work work) {
    return switch (work) {
      case FORWARD -> Verb.DO;
      case FENCE -> Verb.FENCE;
      case UNDO -> Verb.UNDO;
      case SKIP, RESOLVE, NONE ->
          throw new IllegalArgumentException("No script can interfere with " + work);
    };
  }

  static String text(Effect effect) {
    return switch (effect.work()) {
      case FENCE -> "fence " + effect.key();
      case UNDO -> "undo " + effect.key();
      default -> effect.key().toString();
    };
  }
}
