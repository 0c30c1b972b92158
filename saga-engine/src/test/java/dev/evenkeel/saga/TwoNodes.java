package dev.evenkeel.saga;

import dev.evenkeel.saga.ModelDatabase.Id;
import dev.evenkeel.saga.ModelEngine.Happened;
import dev.evenkeel.saga.ModelEngine.Rows;
import dev.evenkeel.saga.ModelEngine.Script;
import dev.evenkeel.saga.ModelRules.Broken;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.StepTable.Direction;
import dev.evenkeel.saga.TwoNodesWorld.Node;
import dev.evenkeel.saga.TwoNodesWorld.Run;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Everything that can happen to one instance on two nodes, with a participant elsewhere, around the
 * real coordinator, step runner and participant. Each action is one transaction, one message, or
 * one piece of news; a number of faults may happen among them: a node crashes, is taken over from
 * although it lives (paused past its lease, it goes on whenever it likes), an attempt fails, a
 * message comes twice or past its time, nobody answers in time. Messages overtake each other as
 * they like, and so does everything on one node.
 *
 * <p>What is left out, and why nothing is lost by it:
 *
 * <ul>
 *   <li>The commit of a home write and what its owner learns of it are one action: a node that dies
 *       between them is as one that dies after them, and one whose answer is lost finds its version
 *       one higher and goes on as if it had come.
 *   <li>A decision to park and its commit are one action: between them the run does nothing, and
 *       whatever comes from outside makes the write fail as it would make the decision another.
 *   <li>A claim and what its owner reads are one transaction, as in the engine.
 *   <li>Clocks do not matter: how long a wait is is never said, so each may be over before or after
 *       anything else; only the deadline comes once and for all.
 *   <li>Why it turned back is forgotten once that is written, and whether it is cancelled or
 *       overdue once it is undone: the coordinator hands on the one and asks for the others no
 *       more. A cancel is stored before that only, as the engine refuses it later.
 *   <li>{@code progress} is not stored: it counts attempts, may be lost at any time, and an
 *       instance that has lost it tries as often again.
 * </ul>
 */
final class TwoNodes implements StepLaws.Numbers {

  static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  static final UUID ID = new UUID(0, 1);
  private static final Instant AFTER_BACKOFF = START.plusSeconds(2);
  private static final Instant AFTER_SILENCE = START.plusSeconds(10);
  private static final int COMMITTED = 3;
  private static final int MAX_EVENTS = 14;
  private static final char CANCEL = 1;
  private static final List<Work> KINDS = List.of(Work.FORWARD, Work.FENCE, Work.UNDO);

  /** Where a world leads. */
  interface Sink {

    /**
     * Takes a next world.
     *
     * @param goesOn whether it happens by itself when nothing fails
     */
    void accept(boolean goesOn, String action, TwoNodesWorld next);
  }

  /** What an exploration has come across; without it, it shows nothing. */
  enum Sight {
    CRASH,
    TAKEN_OVER_ALIVE,
    TAKEN_OVER_DEAD,
    ZOMBIE_COMMITTED,
    WRITE_REFUSED,
    NEWS_BEFORE_PARKING,
    PARKED,
    TIMER_FIRED,
    FENCE_WON,
    FENCE_FOUND_DONE,
    COMMAND_TWICE,
    REPLY_TWICE,
    REPLY_AFTER_END,
    COMMAND_AFTER_FENCE,
    COMMAND_LATE,
    ASKED_AGAIN,
    FAILED,
    PARTICIPANT_FAILED
  }

  private interface Change {
    void apply(TwoNodesWorld world);
  }

  private interface RunChange {
    void apply(TwoNodesWorld world, Run run);
  }

  final Set<Sight> sights = EnumSet.noneOf(Sight.class);
  final Set<SagaTransition> transitions = EnumSet.noneOf(SagaTransition.class);

  private final TwoNodesSagas.Case of;
  private final ModelRules rules;
  private final ModelEngine engine;
  private final TwoNodesMind mind;
  private final SagaDefinition definition;
  private final List<StepKey> keys = new ArrayList<>();
  private final Map<StepKey, Integer> numbers = new HashMap<>();
  private final int[] shards;
  private final int[] places;
  private final Map<String, Rows> rows = new HashMap<>();
  private final Map<Character, SagaReply> replies = new HashMap<>();
  private final List<List<SagaNews>> told = new ArrayList<>();
  private final Map<List<SagaNews>, Integer> toldNumbers = new HashMap<>();
  private final int faults;

  /** The action that is being tried, for whoever finds that it breaks a law. */
  String doing = "start";

  /**
   * Makes it.
   *
   * @param faults how many may happen
   */
  TwoNodes(TwoNodesSagas.Case of, int faults, Broken broken) {
    this.of = of;
    this.faults = faults;
    this.rules = new ModelRules(broken);
    this.engine = new ModelEngine(rules, of);
    this.definition = engine.definition();
    for (StepDefinition step : definition.steps()) {
      int items = engine.state().itemCount((ActionStep) step);
      for (int item = 0; item < items; item++) {
        StepKey key = new StepKey(step.name(), item);
        numbers.put(key, keys.size());
        keys.add(key);
      }
    }
    this.mind = new TwoNodesMind(this, engine);
    places = keys.stream().mapToInt(of::place).toArray();
    shards =
        keys.stream()
            .mapToInt(key -> isRemote(key) ? of.place(key) : engine.shardOf(key))
            .toArray();
  }

  @Override
  public StepKey key(int number) {
    return keys.get(number);
  }

  @Override
  public int number(StepKey key) {
    return numbers.get(key);
  }

  @Override
  public int size() {
    return keys.size();
  }

  @Override
  public SagaDefinition definition() {
    return definition;
  }

  int place(int number) {
    return places[number];
  }

  private boolean isRemote(StepKey key) {
    return engine.state().isRemote(definition.step(key.step()));
  }

  /** It was started on a node, which begins. */
  TwoNodesWorld start() {
    TwoNodesWorld world = TwoNodesWorld.empty(size(), faults);
    world.owner = 1;
    TwoNodesMind.Known known = mind.begins();
    Run run = new Run(known.state(), size());
    run.key = known.key();
    run.isFirst = true;
    world.nodes[0].run = run;
    decide(world, run, List.of(new SagaNews.Look()), START);
    return world;
  }

  // ---- what can happen

  void successors(TwoNodesWorld world, Sink sink) {
    boolean isSame = world.nodes[0].isEmpty() && world.nodes[1].isEmpty() && world.owner == 0;
    for (int n = 0; n < 2; n++) {
      node(world, n, sink);
      if (n == 0 || !isSame) {
        claim(world, n, sink);
      }
    }
    mail(world, sink);
    if (world.phase.isEnded()) {
      return;
    }
    if (world.timer == TwoNodesWorld.SOON
        || (world.timer == TwoNodesWorld.DEADLINE && world.isOverdue)) {
      change(
          world,
          true,
          "its timer fires",
          sink,
          w -> {
            sights.add(Sight.TIMER_FIRED);
            w.timer = TwoNodesWorld.NEVER;
            w.isNews |= rules.timerIsNews();
          });
    }
    if (!world.cancelSent && world.phase == SagaState.RUNNING && !world.forwardOnly) {
      change(
          world,
          false,
          "somebody cancels it",
          sink,
          w -> {
            w.cancelSent = true;
            store(w, CANCEL);
          });
    }
    if (!world.isOverdue && world.phase == SagaState.RUNNING) {
      change(world, false, "its deadline passes", sink, w -> w.isOverdue = true);
    }
  }

  private void change(
      TwoNodesWorld world, boolean goesOn, String action, Sink sink, Change change) {
    TwoNodesWorld next = world.copy();
    doing = action;
    change.apply(next);
    prune(next);
    sink.accept(goesOn, action, next);
  }

  private void fault(TwoNodesWorld world, String action, Sink sink, Change change) {
    if (world.faults > 0) {
      change(
          world,
          false,
          action,
          sink,
          w -> {
            w.faults--;
            change.apply(w);
          });
    }
  }

  private static String name(int n) {
    return n == 0 ? "node A: " : "node B: ";
  }

  private static boolean listens(@Nullable Run run) {
    return run != null && !run.isWriting;
  }

  // ---- nodes

  private void node(TwoNodesWorld world, int n, Sink sink) {
    Node node = world.nodes[n];
    for (int f = 0; f < node.left.length; f++) {
      if (node.left[f] != 0) {
        perform(world, n, f, true, Script.WORKS, sink);
      }
    }
    if (!node.isEmpty()) {
      fault(
          world,
          name(n) + "crashes",
          sink,
          w -> {
            sights.add(Sight.CRASH);
            w.nodes[n] = new Node(size());
          });
    }
    Run run = node.run;
    if (run == null) {
      return;
    }
    for (int f = 0; f < run.flights.length; f++) {
      if (run.flights[f] == 0) {
        continue;
      }
      if (run.flights[f] >= COMMITTED) {
        if (listens(run)) {
          int flight = f;
          step(world, n, true, "learns of " + describe(f), sink, (w, r) -> learn(w, r, flight));
        }
        continue;
      }
      for (Script script : Script.values()) {
        perform(world, n, f, false, script, sink);
      }
    }
    if (run.isWriting) {
      step(world, n, true, "writes " + run.state.phase(), sink, (w, r) -> writeFirst(w, n, r));
      return;
    }
    if (!run.answers.isEmpty() || run.taken != 0) {
      step(world, n, true, "writes what it has learned", sink, (w, r) -> writeLater(w, n, r));
    }
    if (!run.state.isWorking()) {
      step(world, n, true, "parks it", sink, (w, r) -> park(w, n, r));
    }
    if (world.owner == n + 1 && world.isNews) {
      step(world, n, true, "looks at its events", sink, (w, r) -> notice(w, r, List.of()));
    }
    if (learnable(run) > 1 || (learnable(run) == 1 && world.owner == n + 1 && world.isNews)) {
      step(world, n, true, "learns everything at once", sink, (w, r) -> learnAll(w, n, r));
    }
    looks(world, n, run, sink);
  }

  private void looks(TwoNodesWorld world, int n, Run run, Sink sink) {
    boolean isAsked = false;
    boolean waits = false;
    for (StepState step : run.state.steps().values()) {
      isAsked |= step.asked().what() != Work.NONE;
      waits |= step.notBefore() != null;
    }
    List<SagaNews> look = List.of(new SagaNews.Look());
    boolean isSoon = run.lookAt == TwoNodesWorld.SOON;
    if (isSoon && (waits || !isAsked)) {
      step(
          world, n, true, "looks after a pause", sink, (w, r) -> decide(w, r, look, AFTER_BACKOFF));
    }
    if (world.isOverdue && run.lookAt != TwoNodesWorld.NEVER) {
      step(world, n, true, "looks at its deadline", sink, (w, r) -> decide(w, r, look, START));
    }
    if (!isSoon || !isAsked) {
      return;
    }
    Change again =
        w -> {
          sights.add(Sight.ASKED_AGAIN);
          decide(w, run(w, n), look, AFTER_SILENCE);
        };
    if (isUnderWay(world, run)) {
      fault(world, name(n) + "has had no answer for long", sink, again);
    } else { // what was answered was not kept: it is asked again once its time has come
      change(world, run.isLatest, name(n) + "asks again what it takes to be open", sink, again);
    }
  }

  /** Whether anything that was asked, or its answer, has still to come. */
  private boolean isUnderWay(TwoNodesWorld world, Run run) {
    int asked = 0;
    for (Map.Entry<StepKey, StepState> step : run.state.steps().entrySet()) {
      asked |= step.getValue().asked().what() == Work.NONE ? 0 : 1 << number(step.getKey());
    }
    for (int m = 0; m < world.mail.length(); m++) {
      if ((asked & 1 << (world.mail.charAt(m) >> 2 & 7)) != 0) {
        return true;
      }
    }
    for (int e = 0; e < world.events.length(); e++) {
      char event = world.events.charAt(e);
      boolean isRead = (run.read & 1 << e) != 0;
      if (event != CANCEL && !isRead && (asked & 1 << (event >> 2 & 7)) != 0) {
        return true;
      }
    }
    return false;
  }

  private static Run run(TwoNodesWorld world, int n) {
    return java.util.Objects.requireNonNull(world.nodes[n].run);
  }

  private void step(
      TwoNodesWorld world, int n, boolean goesOn, String action, Sink sink, RunChange change) {
    change(
        world,
        goesOn && run(world, n).isLatest,
        name(n) + action,
        sink,
        w -> change.apply(w, run(w, n)));
  }

  private String describe(int f) {
    Work work = KINDS.get(f / size());
    String what =
        switch (work) {
          case FENCE -> "the fence of ";
          case UNDO -> "the compensation of ";
          default -> "";
        };
    return what + keys.get(f % size());
  }

  /** What is under way comes to its end, as far as its shard is concerned. */
  private void perform(
      TwoNodesWorld world, int n, int f, boolean isLeft, Script script, Sink sink) {
    Work work = KINDS.get(f / size());
    int i = f % size();
    Node node = world.nodes[n];
    int flight = isLeft ? node.left[f] : run(world, n).flights[f];
    boolean listens = !isLeft && listens(node.run);
    boolean isFault = false;
    switch (script) {
      case REFUSES -> {
        ActionStep step = (ActionStep) definition.step(keys.get(i).step());
        if (work != Work.FORWARD || step.retry().refusals().isEmpty() || world.rows[i] != null) {
          return;
        }
      }
      case FAILS, DOWN -> {
        boolean isThere = work == Work.UNDO ? world.undone[i] : world.rows[i] != null;
        if (!listens || isThere || (work == Work.FENCE) != (script == Script.DOWN)) {
          return;
        }
        isFault = true;
      }
      case LATE -> {
        return; // said of commands
      }
      default -> {}
    }
    Happened happened = engine.perform(rows(world, i), keys.get(i), work, flight == 2, script);
    if (happened.isNothing() && !listens) {
      return;
    }
    Change change = w -> performed(w, n, f, isLeft, script, happened);
    String action =
        name(n)
            + describe(f)
            + (happened.isNothing() ? " finds or fails" : " commits")
            + (script == Script.WORKS ? "" : " (" + script + ")");
    boolean goesOn = !isLeft && run(world, n).isLatest && script == Script.WORKS;
    if (isFault) {
      fault(world, action, sink, change);
    } else {
      change(world, goesOn, action, sink, change);
    }
  }

  private void performed(
      TwoNodesWorld w, int n, int f, boolean isLeft, Script script, Happened happened) {
    int i = f % size();
    Node node = w.nodes[n];
    Work work = KINDS.get(f / size());
    if (script == Script.FAILS) {
      sights.add(Sight.FAILED);
      failed(w, i, work);
    }
    boolean isZombie = isLeft || !run(w, n).isLatest;
    if (isZombie && !happened.isNothing()) {
      sights.add(Sight.ZOMBIE_COMMITTED);
    }
    if (work == Work.FENCE) {
      sights.add(happened.isNothing() ? Sight.FENCE_FOUND_DONE : Sight.FENCE_WON);
    }
    apply(w, i, happened);
    if (isLeft) {
      node.left[f] = 0;
      return;
    }
    Run run = run(w, n);
    if (run.flights[f] == 2) {
      run.shardsRead |= 1 << shards[i];
    }
    if (happened.isNothing()) {
      run.flights[f] = 0;
      decide(w, run, happened.news(), START);
    } else {
      run.flights[f] =
          COMMITTED
              + toldNumbers.computeIfAbsent(
                  happened.news(),
                  news -> {
                    told.add(news);
                    return told.size() - 1;
                  });
    }
  }

  private static void failed(TwoNodesWorld w, int i, Work work) {
    if (work == Work.FORWARD) {
      w.failures[i] = Math.min(3, w.failures[i] + 1);
    }
  }

  private void apply(TwoNodesWorld w, int i, Happened happened) {
    for (Happened.Effect effect : happened.effects()) {
      TwoNodesLaws.place(this, i, effect.shard());
      if (effect.what() > 0) {
        StepLaws.forward(this, w, i);
        w.effects[i]++;
      } else {
        StepLaws.undo(this, w, i);
        w.undoEffects[i]++;
      }
    }
    happened
        .rows()
        .forEach(
            (id, outcome) -> {
              TwoNodesLaws.place(this, number(id.key()), happened.shard());
              if (id.direction() == Direction.FORWARD) {
                w.rows[number(id.key())] = outcome;
              } else {
                w.undone[number(id.key())] = true;
              }
            });
  }

  /** Those of the step's shard: nothing reads any other. */
  private Rows rows(TwoNodesWorld world, int of) {
    StringBuilder code = new StringBuilder(size());
    for (int i = 0; i < size(); i++) {
      if (place(i) == place(of)) {
        code.append((char) i);
        code.append((char) (TwoNodesWorld.outcome(world.rows[i]) * 2 + (world.undone[i] ? 1 : 0)));
      }
    }
    return rows.computeIfAbsent(
        code.toString(),
        c -> {
          Map<Id, Outcome> all = new LinkedHashMap<>();
          for (int i = 0; i < size(); i++) {
            if (place(i) == place(of) && world.rows[i] != null) {
              all.put(new Id(keys.get(i), Direction.FORWARD), world.rows[i]);
            }
            if (place(i) == place(of) && world.undone[i]) {
              all.put(new Id(keys.get(i), Direction.COMPENSATION), Outcome.DONE);
            }
          }
          return new Rows(all);
        });
  }

  /** What is left of a run that is gone, and can leave nothing any more, is as good as ended. */
  private void prune(TwoNodesWorld world) {
    for (Node node : world.nodes) {
      for (int f = 0; f < node.left.length; f++) {
        if (node.left[f] != 0) {
          Work work = KINDS.get(f / size());
          int i = f % size();
          boolean isThere = work == Work.UNDO ? world.undone[i] : world.rows[i] != null;
          if (isThere
              && engine
                  .perform(rows(world, i), keys.get(i), work, node.left[f] == 2, Script.WORKS)
                  .isNothing()) {
            node.left[f] = 0;
          }
        }
      }
    }
  }

  // ---- news

  private void learn(TwoNodesWorld world, Run run, int f) {
    List<SagaNews> news = told.get(run.flights[f] - COMMITTED);
    run.flights[f] = 0;
    decide(world, run, news, START);
  }

  private static int learnable(Run run) {
    int count = 0;
    for (int flight : run.flights) {
      count += flight >= COMMITTED ? 1 : 0;
    }
    return count;
  }

  /** News that came while others were being taken are taken together. */
  private void learnAll(TwoNodesWorld world, int n, Run run) {
    List<SagaNews> news = new ArrayList<>();
    for (int f = 0; f < run.flights.length; f++) {
      if (run.flights[f] >= COMMITTED) {
        news.addAll(told.get(run.flights[f] - COMMITTED));
        run.flights[f] = 0;
      }
    }
    if (world.owner == n + 1 && world.isNews) {
      notice(world, run, news);
    } else {
      decide(world, run, news, START);
    }
  }

  private void notice(TwoNodesWorld world, Run run, List<SagaNews> others) {
    world.isNews = false;
    List<SagaNews> news = new ArrayList<>(others);
    for (int e = 0; e < world.events.length(); e++) {
      if ((run.read & (1 << e)) == 0) {
        run.read |= 1 << e;
        char event = world.events.charAt(e);
        news.add(
            event == CANCEL ? new SagaNews.Cancelled(e, "") : mind.reads(replies.get(event), e));
      }
    }
    news.add(new SagaNews.Look());
    decide(world, run, news, START);
  }

  // ---- the home shard

  private void store(TwoNodesWorld world, char event) {
    if (world.phase.isEnded()) {
      sights.add(Sight.REPLY_AFTER_END);
      return; // its wake row is gone
    }
    world.events += event;
    StepLaws.require(world.events.length() <= MAX_EVENTS, "what is stored is bounded");
    world.isNews |= rules.eventIsNews();
  }

  private void claim(TwoNodesWorld world, int n, Sink sink) {
    if (world.phase.isEnded()) {
      return;
    }
    boolean isOwned = world.owner != 0;
    boolean isOwn = world.owner == n + 1;
    boolean isGone = isOwned && world.nodes[world.owner - 1].run == null;
    if (isOwn && !isGone) {
      return;
    }
    if (rules.claims(isOwned, world.isNews, isGone, isOwn)) {
      change(world, true, name(n) + "claims it", sink, w -> claim(w, n));
    } else if (isOwned) {
      fault(
          world,
          name(n) + "takes it over from the other, which stands still past its lease",
          sink,
          w -> {
            sights.add(Sight.TAKEN_OVER_ALIVE);
            claim(w, n);
          });
    }
  }

  private void claim(TwoNodesWorld world, int n) {
    if (world.owner != 0 && world.owner != n + 1 && world.nodes[world.owner - 1].run == null) {
      sights.add(Sight.TAKEN_OVER_DEAD);
    }
    for (Node node : world.nodes) {
      if (node.run != null) {
        node.run.isLatest = false;
        node.run.isEpoch &= !rules.claimEndsEpochs();
      }
    }
    letGo(world.nodes[n]);
    world.owner = n + 1;
    world.isNews = false;
    world.timer = TwoNodesWorld.NEVER;
    TwoNodesMind.Known known = mind.adopts(world);
    Run run = new Run(known.state(), size());
    run.key = known.key();
    run.shardsRead = 1;
    world.nodes[n].run = run;
    notice(world, run, List.of());
  }

  /** Its memory goes; what is under way does not end by that. */
  private void letGo(Node node) {
    if (node.run != null) {
      for (int f = 0; f < node.left.length; f++) {
        int flight = node.run.flights[f];
        if (flight == 1 || (flight == 2 && node.left[f] == 0)) {
          node.left[f] = flight;
        }
      }
      node.run = null;
    }
  }

  private boolean writes(TwoNodesWorld world, int n, Run run, boolean unlessNews) {
    boolean isWritten =
        rules.writes(run.isEpoch, run.isVersion, unlessNews, world.owner == n + 1, world.isNews);
    if (!isWritten) {
      sights.add(Sight.WRITE_REFUSED);
      return false;
    }
    int all = (1 << world.events.length()) - 1;
    TwoNodesLaws.write(run, unlessNews && (run.read & all) != all);
    for (Node node : world.nodes) {
      if (node.run != null && node.run != run) {
        node.run.isVersion = false;
      }
    }
    for (char answer : run.answers.toCharArray()) {
      world.calls[answer / 8] =
          rules.answer(world.calls[answer / 8], SagaReply.Outcome.values()[answer % 8]);
    }
    run.answers = "";
    delete(world, run.taken);
    run.taken = 0;
    return true;
  }

  private static void delete(TwoNodesWorld world, int taken) {
    for (int e = world.events.length() - 1; e >= 0; e--) {
      if ((taken & (1 << e)) == 0) {
        continue;
      }
      world.events = world.events.substring(0, e) + world.events.substring(e + 1);
      for (Node node : world.nodes) {
        if (node.run != null) {
          node.run.read = without(node.run.read, e);
          node.run.taken = without(node.run.taken, e);
        }
      }
    }
  }

  private static int without(int bits, int e) {
    return (bits & ((1 << e) - 1)) | ((bits >> (e + 1)) << e);
  }

  private void writeFirst(TwoNodesWorld world, int n, Run run) {
    if (!writes(world, n, run, run.before != null)) {
      if (run.isEpoch && run.before != null) { // there is news
        run.state = run.before;
        run.key = run.beforeKey;
        run.lookAt = TwoNodesWorld.SOON;
        written(run);
      } else {
        letGo(world.nodes[n]);
      }
      return;
    }
    SagaTransition.between(world.phase, run.state.phase()).ifPresent(transitions::add);
    TwoNodesLaws.turn(this, world, run.state);
    if (world.phase == SagaState.RUNNING && run.state.phase() == SagaState.CLOSING) {
      java.util.Arrays.fill(world.failures, 0);
      TwoNodesMind.Known known = mind.forgetsWhy(run.state);
      run.state = known.state();
      run.key = known.key();
    }
    world.phase = run.state.phase();
    world.forwardOnly = run.state.forwardOnly();
    if (world.phase == SagaState.COMPENSATING) {
      world.isOverdue = false;
      world.cancelSent = true;
    }
    for (Decision.Send send : run.sends) {
      int i = number(send.key());
      SagaVerb verb = SagaVerb.of(send.work());
      world.calls[i] = rules.send(world.calls[i], verb, send.sending());
      post(world, command(i, verb, send.sending()));
    }
    written(run);
    if (world.phase.isEnded()) {
      world.owner = 0;
      world.isNews = false;
      world.events = "";
      letGo(world.nodes[n]);
    } else {
      decide(world, run, List.of(new SagaNews.Look()), START);
    }
  }

  private static void written(Run run) {
    run.isWriting = false;
    run.sends = List.of();
    run.before = null;
    run.beforeKey = "";
  }

  private void writeLater(TwoNodesWorld world, int n, Run run) {
    if (!writes(world, n, run, false)) {
      letGo(world.nodes[n]);
    }
  }

  private void park(TwoNodesWorld world, int n, Run run) {
    if (writes(world, n, run, true)) {
      sights.add(Sight.PARKED);
      world.owner = 0;
      world.timer = rules.timerOfPark(run.lookAt);
      letGo(world.nodes[n]);
    } else if (run.isEpoch) {
      sights.add(Sight.NEWS_BEFORE_PARKING);
      run.lookAt = TwoNodesWorld.SOON;
    } else {
      letGo(world.nodes[n]);
    }
  }

  // ---- messages

  private static char command(int i, SagaVerb verb, int sending) {
    return (char) (2 | i << 2 | verb.ordinal() << 5 | sending << 7);
  }

  private char reply(SagaReply reply) {
    int i = number(reply.key());
    char code =
        (char)
            (3
                | i << 2
                | reply.verb().ordinal() << 5
                | reply.sending() << 7
                | reply.outcome().ordinal() << 12);
    replies.putIfAbsent(code, reply);
    return code;
  }

  private static void post(TwoNodesWorld world, char message) {
    int at = 0;
    while (at < world.mail.length() && world.mail.charAt(at) < message) {
      at++;
    }
    world.mail = world.mail.substring(0, at) + message + world.mail.substring(at);
  }

  private void mail(TwoNodesWorld world, Sink sink) {
    for (int m = 0; m < world.mail.length(); m++) {
      char message = world.mail.charAt(m);
      if (m > 0 && world.mail.charAt(m - 1) == message) {
        continue;
      }
      String without = world.mail.substring(0, m) + world.mail.substring(m + 1);
      if ((message & 3) == 3) {
        answered(world, message, without, sink);
      } else {
        asked(world, message, without, sink);
      }
    }
  }

  private void answered(TwoNodesWorld world, char message, String without, Sink sink) {
    SagaReply reply = replies.get(message);
    String action =
        "the answer %s to %s %s (sending %d) comes"
            .formatted(reply.outcome(), reply.verb(), reply.key(), reply.sending());
    change(
        world,
        true,
        action,
        sink,
        w -> {
          w.mail = without;
          store(w, message);
        });
    if (!world.phase.isEnded()) { // to an ended saga it would do nothing
      fault(
          world,
          action + ", and will come again",
          sink,
          w -> {
            sights.add(Sight.REPLY_TWICE);
            store(w, message);
          });
    }
  }

  private void asked(TwoNodesWorld world, char message, String without, Sink sink) {
    int i = message >> 2 & 7;
    SagaVerb verb = SagaVerb.values()[message >> 5 & 3];
    int sending = message >> 7;
    String command = "%s %s (sending %d) ".formatted(verb, keys.get(i), sending);
    for (Script script : Script.values()) {
      boolean isThere = verb == SagaVerb.UNDO ? world.undone[i] : world.rows[i] != null;
      if (script == Script.DOWN // the message comes again, as if it had taken longer
          || (script != Script.WORKS && isThere)
          || (script == Script.REFUSES && (verb != SagaVerb.EXECUTE || !mayRefuse(i)))
          || (script == Script.FAILS && verb == SagaVerb.FENCE)) {
        continue;
      }
      Happened happened = engine.receive(rows(world, i), keys.get(i), verb, sending, script);
      Change change = w -> received(w, i, verb, script, happened);
      Change taken =
          w -> {
            w.mail = without;
            change.apply(w);
          };
      switch (script) {
        case FAILS, LATE ->
            fault(world, command + (script == Script.LATE ? "comes late" : "fails"), sink, taken);
        default -> {
          String what = script == Script.REFUSES ? "is refused" : "is carried out";
          change(world, script == Script.WORKS, command + what, sink, taken);
          fault(
              world,
              command + what + ", and will come again",
              sink,
              w -> {
                sights.add(Sight.COMMAND_TWICE);
                change.apply(w);
              });
        }
      }
    }
  }

  /** After the pivot a refusal is a failure. */
  private boolean mayRefuse(int i) {
    return ((ActionStep) definition.step(keys.get(i).step())).kind() != StepKind.RETRIABLE;
  }

  private void received(TwoNodesWorld w, int i, SagaVerb verb, Script script, Happened happened) {
    if (script == Script.LATE) {
      sights.add(Sight.COMMAND_LATE);
    } else if (happened.replies().get(0).outcome() == SagaReply.Outcome.FAILED) {
      sights.add(Sight.PARTICIPANT_FAILED);
      failed(w, i, verb.work());
    }
    if (verb == SagaVerb.EXECUTE && w.rows[i] == Outcome.FENCED) {
      sights.add(Sight.COMMAND_AFTER_FENCE);
    }
    apply(w, i, happened);
    happened.replies().forEach(r -> post(w, reply(r)));
  }

  // ---- a run

  private void decide(TwoNodesWorld world, Run run, List<SagaNews> news, Instant now) {
    InstanceState before = run.state;
    String beforeKey = run.key;
    TwoNodesMind.Answer answer = mind.decides(run.key, run.state, news, now, world.isOverdue);
    Decision decision = answer.decision();
    TwoNodesLaws.decide(this, before, answer.known().state());
    run.state = answer.known().state();
    run.key = answer.known().key();
    run.lookAt = answer.lookAt();
    run.taken |= answer.taken();
    for (char c : answer.answers().toCharArray()) {
      if (run.answers.indexOf(c) < 0) {
        run.answers += c;
      }
    }
    StepLaws.require(decision.awaited().isEmpty(), "nothing is awaited here");
    if (decision.write() == Decision.Write.FIRST) {
      run.isWriting = true;
      run.sends = decision.sends();
      if (decision.unlessNews()) {
        run.before = before;
        run.beforeKey = beforeKey;
      }
    }
    for (Decision.Effect effect : decision.effects()) {
      int i = number(effect.key());
      int f = KINDS.indexOf(effect.work()) * size() + i;
      boolean isRead = run.isFirst || (run.shardsRead & (1 << shards[i])) != 0;
      int flight = effect.again() || !isRead ? 2 : 1;
      run.flights[f] = run.flights[f] == 1 ? 1 : flight; // two differ by what they read only
    }
  }
}
