package dev.evenkeel.saga;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.ModelDatabase.Id;
import dev.evenkeel.saga.ModelDatabase.Row;
import dev.evenkeel.saga.ModelEngine.Happened.Effect;
import dev.evenkeel.saga.StepState.Work;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.saga.spi.SagaShards;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * The engine's own step runner and participant, on databases of the model: told which rows there
 * are, it says what one of their transactions leaves behind. A pure function, so each answer is
 * kept. An engine is made for them, and not started.
 *
 * <p>A piece of work, or a message at its participant, is one step of the model although it may be
 * several transactions. Only one of those writes a row, and rows are final once they are there: one
 * that reads earlier or later than that reads the same or less, and one that answers later than
 * another is one whose answer travelled for longer.
 */
final class ModelEngine {

  private static final String SCHEMA = "model";
  private static final int SLOTS = 4;

  /** How the application's code behaves. */
  enum Script {
    WORKS,
    REFUSES,
    FAILS,
    /** The shard does not answer. */
    DOWN,
    /** The command's time is over. */
    LATE
  }

  /**
   * What a piece of work has left.
   *
   * @param rows that are new, or other than before
   * @param shard that all of it happened on
   */
  record Happened(
      Map<Id, Outcome> rows,
      List<Effect> effects,
      List<SagaNews> news,
      List<SagaReply> replies,
      int shard) {

    /** Of the application, committed: 1 for an action, -1 for its compensation. */
    record Effect(int what, int shard) {}

    boolean isNothing() {
      return rows.isEmpty() && effects.isEmpty();
    }
  }

  /** All rows there are; made once for equal ones. */
  static final class Rows {
    private final Map<Id, Outcome> all;

    Rows(Map<Id, Outcome> all) {
      this.all = all;
    }
  }

  /** What happens, as long as the application's code runs as the script says. */
  private record Asked(
      Rows rows, StepKey key, String work, int number, boolean flag, Script script) {}

  private final TwoNodesSagas.Case of;
  private final SagaDefinition definition;
  private final InstanceState state;
  private final List<ModelDatabase> databases = new ArrayList<>();
  private final Map<Asked, Happened> known = new HashMap<>();
  private final SagaEngine engine;
  private final StepRunner runner;
  private final StepPlaces places;
  private final SagaRun run;
  private final DirectHandler desk;
  private Script script = Script.WORKS;

  ModelEngine(ModelRules rules, TwoNodesSagas.Case of) {
    this.of = of;
    this.definition = of.definition(new TwoNodesSagas.Stage(this::act, this::undo));
    this.state =
        new InstanceState(
            definition,
            TwoNodes.ID,
            of.command(),
            TwoNodes.START,
            null,
            SagaState.RUNNING,
            false,
            null,
            Set.of(),
            Map.of(),
            List.of());
    List<TransactionTarget> targets = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      ModelDatabase database = new ModelDatabase(rules, TwoNodes.ID);
      databases.add(database);
      DataSource source = database.dataSource;
      targets.add(
          new TransactionTarget(
              "s" + i,
              i,
              source,
              source,
              new DataSourceTransactionManager(source),
              TransactionTarget.Scope.NONE));
    }
    SagaParticipants participants =
        SagaParticipants.of(
            List.of(
                new SagaParticipants.Bean(
                    new TwoNodesSagas.Desk(this::act, this::undo), TwoNodesSagas.Desk.class)));
    SagaEngine.Context context =
        new SagaEngine.Context(
            shards(targets),
            SagaParticipants.NONE,
            MessageObserver.NONE,
            TransactionSlot.NONE,
            TwoNodesSagas.CODEC,
            List.of(),
            List.of(),
            SagaObserver.NONE,
            () -> Duration.ZERO);
    this.engine =
        new SagaEngine(
            SagaOptions.defaults(SCHEMA, "node").withRemoteParticipants("desk"),
            SagaDefinitions.of(List.of(definition)),
            context);
    HomeShard home = engine.homes().get("s0");
    this.runner =
        new StepRunner(
            context, engine.codec(), new StepTable(SCHEMA), new LockTable(SCHEMA), new Attempts());
    this.places = new StepPlaces(home, 0);
    this.run =
        new SagaRun(
            home,
            new SagaCoordinator(TwoNodesSagas.CODEC, 2),
            state,
            0,
            1,
            1,
            0,
            Map.of(),
            new Progress(),
            null,
            null);
    this.desk =
        participants
            .receivers(
                new SagaParticipants.Surroundings(
                    SCHEMA,
                    TwoNodesSagas.CODEC,
                    List.of(),
                    MessageObserver.NONE,
                    () -> Duration.ZERO,
                    1 << 10))
            .get(0);
  }

  private SagaShards shards(List<TransactionTarget> targets) {
    return new SagaShards() {
      @Override
      public List<String> names() {
        return targets.stream().map(TransactionTarget::name).toList();
      }

      @Override
      public int slotOf(String strategy, String key) {
        return Integer.parseInt(key.substring(1));
      }

      @Override
      public String shardOf(int slot) {
        return "s" + slot;
      }

      @Override
      public TransactionTarget target(int slot, String key) {
        return targets.get(slot);
      }

      @Override
      public DataSource dataSource(String shard) {
        return targets.get(Integer.parseInt(shard.substring(1))).dataSource();
      }

      @Override
      public boolean isUp(String shard) {
        return script != Script.DOWN;
      }
    };
  }

  SagaDefinition definition() {
    return definition;
  }

  /** The saga as it was started. */
  InstanceState state() {
    return state;
  }

  StepRunner runner() {
    return runner;
  }

  SagaCodec codec() {
    return engine.codec();
  }

  // ---- the application

  private void act() {
    effect(1);
    if (script == Script.REFUSES) {
      throw new ModelSagas.No();
    }
    if (script == Script.FAILS) {
      throw new IllegalStateException("It fails");
    }
  }

  private void undo() {
    effect(-1);
    if (script == Script.FAILS) {
      throw new IllegalStateException("It fails");
    }
  }

  private void effect(int what) {
    databases.stream()
        .filter(d -> TransactionSynchronizationManager.hasResource(d.dataSource))
        .findFirst()
        .orElseThrow(() -> new AssertionError("an effect is in a transaction"))
        .effect(what);
  }

  // ---- what happens

  /** The shard on which the engine carries out a step that is its own. */
  int shardOf(StepKey key) {
    return places.of(state, (ActionStep) definition.step(key.step()), key).slot();
  }

  /** A piece of work is performed by the engine's runner. */
  Happened perform(Rows rows, StepKey key, Work work, boolean readsFirst, Script how) {
    return known.computeIfAbsent(
        new Asked(rows, key, work.name(), 0, readsFirst, how), asked -> perform(asked, work));
  }

  private Happened perform(Asked asked, Work work) {
    ActionStep step = (ActionStep) definition.step(asked.key().step());
    StepPlaces.Place place = places.of(state, step, asked.key());
    StepTask task =
        new StepTask(
            run,
            state,
            step,
            place.code(),
            new Decision.Effect(asked.key(), work, 1, false),
            place.slot(),
            "s" + place.slot(),
            asked.flag());
    return happens(asked, place.slot(), () -> runner.perform(task));
  }

  /** A command comes to its participant. */
  Happened receive(Rows rows, StepKey key, SagaVerb verb, int sending, Script how) {
    boolean isIrrefusable = run.isIrrefusable(key);
    return known.computeIfAbsent(
        new Asked(rows, key, verb.name(), sending, isIrrefusable, how), this::receive);
  }

  private Happened receive(Asked asked) {
    ActionStep step = (ActionStep) definition.step(asked.key().step());
    CallTable.Order order = places.order(state, step, asked.key());
    OutboxMessage message =
        SagaMessages.command(
            order,
            new SagaMessages.Asked(
                TwoNodes.ID,
                asked.key(),
                SagaVerb.valueOf(asked.work()),
                asked.number(),
                asked.script() == Script.LATE ? Instant.EPOCH.minusSeconds(1) : TwoNodes.START,
                order.type(),
                asked.flag(),
                "service"),
            0,
            Map.of());
    ShardKey shardKey = desk.shardKey(message);
    int slot = shardKey == null ? 0 : engine.shards().slotOf("", shardKey.text());
    return happens(
        asked,
        slot,
        () -> {
          desk.handle(message, engine.shards().target(slot, ""), c -> {});
          return List.of();
        });
  }

  private interface Transactions {
    List<SagaNews> run() throws Exception;
  }

  private Happened happens(Asked asked, int shard, Transactions work) {
    for (int i = 0; i < SLOTS; i++) {
      Map<Id, Row> before = new LinkedHashMap<>();
      int at = i;
      asked
          .rows()
          .all
          .forEach(
              (id, outcome) -> {
                if (of.place(id.key()) == at) {
                  before.put(id, new Row(outcome, null));
                }
              });
      databases.get(i).holds(before);
    }
    script = asked.script();
    List<SagaNews> news;
    try {
      news = work.run();
    } catch (Exception e) {
      throw new IllegalStateException(asked + " can't be done", e);
    } finally {
      script = Script.WORKS;
    }
    Map<Id, Outcome> rows = new LinkedHashMap<>();
    List<Effect> effects = new ArrayList<>();
    List<SagaReply> replies = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      ModelDatabase database = databases.get(i);
      database
          .rows()
          .forEach(
              (id, row) -> {
                if (asked.rows().all.get(id) != row.outcome()) {
                  rows.put(id, row.outcome());
                }
              });
      for (int what : database.effects()) {
        effects.add(new Effect(what, i));
      }
      database.messages().forEach(m -> replies.add(SagaReply.read(m)));
    }
    return new Happened(rows, effects, news.stream().map(this::plain).toList(), replies, shard);
  }

  /** Without times and texts, which nothing follows from. */
  private SagaNews plain(SagaNews news) {
    if (news instanceof SagaNews.Ended ended) {
      return new SagaNews.Ended(
          ended.key(), ended.outcome(), null, plain(ended.failure()), TwoNodes.START);
    }
    return news instanceof SagaNews.Failed failed
        ? new SagaNews.Failed(failed.key(), failed.work(), failed.kind(), "", "")
        : news;
  }

  static @Nullable SagaFailure plain(@Nullable SagaFailure failure) {
    return failure == null ? null : new SagaFailure(failure.reason(), failure.step(), "", "");
  }
}
