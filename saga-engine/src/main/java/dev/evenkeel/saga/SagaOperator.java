package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.saga.SagaAction.Kind;
import dev.evenkeel.saga.SagaPage.Found;
import dev.evenkeel.saga.SagaPage.Position;
import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Stores operators' decisions for the owners: the event, the count of news and the record of who
 * and why commit together. What makes no sense in the state that is stored is refused here; the
 * owner, who knows more, has the last word.
 */
final class SagaOperator implements SagaOperations {

  private static final int MAX_TEXT = 1_000;
  private static final int MAX_EXAMPLES = 10;

  private final SagaEngine engine;
  private final SagaPost post;
  private final InstanceTable instances;
  private final EventTable events;
  private final ActionTable actions;
  private final SearchTable table;

  SagaOperator(SagaEngine engine, SagaPost post) {
    this.engine = engine;
    this.post = post;
    String schema = engine.options().schema();
    this.instances = new InstanceTable(schema);
    this.events = new EventTable(schema);
    this.actions = new ActionTable(schema);
    this.table = new SearchTable(schema);
  }

  // ---- search

  @Override
  public SagaPage search(SagaFilter filter, int limit, @Nullable String after) {
    if (limit < 1 || limit > LARGEST_PAGE) {
      throw new IllegalArgumentException(
          "limit must be between 1 and %d, was %d".formatted(LARGEST_PAGE, limit));
    }
    Position from = after == null ? Position.FIRST : Position.parse(after);
    List<Found> found = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (HomeShard home : engine.homes().values()) {
      if (!engine.shards().isUp(home.name())) {
        missing.add(home.name());
        continue;
      }
      try {
        found.add(
            engine.onHome(
                home, "Searching the sagas of " + home, c -> table.find(c, filter, from, limit)));
      } catch (RuntimeException e) {
        if (FailureKind.of(e) != FailureKind.OUTAGE) {
          throw e;
        }
        missing.add(home.name());
      }
    }
    return Found.merge(found).page(limit, missing);
  }

  @Override
  public List<SagaAction> actions(UUID sagaId) {
    return engine.onHome(
        engine.homeOf(sagaId),
        "Reading what was done to saga " + sagaId,
        c -> {
          find(c, sagaId);
          return actions.read(c, sagaId);
        });
  }

  // ---- decisions about one

  @Override
  public void retryNow(UUID sagaId, String by, String because) {
    decide(sagaId, decision(Kind.RETRY, null, null, by, because));
  }

  @Override
  public void skip(UUID sagaId, Target target, @Nullable String result, String by, String because) {
    decide(sagaId, decision(Kind.SKIP, target, result, by, because));
  }

  @Override
  public void resolve(UUID sagaId, Target target, String by, String because) {
    decide(sagaId, decision(Kind.RESOLVE, target, null, by, because));
  }

  @Override
  public void cancel(UUID sagaId, String by, String because) {
    decide(sagaId, decision(Kind.CANCEL, null, null, by, because));
  }

  private static OperatorDecision decision(
      Kind kind, @Nullable Target target, @Nullable String result, String by, String because) {
    return new OperatorDecision(
        kind,
        target == null ? null : target.step(),
        target == null ? 0 : target.item(),
        result == null ? null : result.getBytes(StandardCharsets.UTF_8),
        text("by must say who decides", by),
        text("because must say why this is decided", because));
  }

  private static String text(String what, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException(what + ", was blank");
    }
    return StorableText.of(value, MAX_TEXT);
  }

  private void decide(UUID id, OperatorDecision decision) {
    HomeShard home = engine.homeOf(id);
    engine.onHome(
        home,
        "%s of saga %s".formatted(decision.kind(), id),
        c -> {
          store(c, id, decision, home);
          return id;
        });
    home.hint();
  }

  private void store(Connection c, UUID id, OperatorDecision decision, HomeShard home)
      throws SQLException {
    String what = "Saga " + id;
    if (decision.kind() == Kind.CANCEL) {
      post.cancel(c, what, id, decision.because());
    } else {
      InstanceTable.Row row = find(c, id);
      if (row.state().isEnded()) {
        throw new SagaStateException("%s has ended: %s".formatted(what, row.state()), row.state());
      }
      String step = decision.step();
      if (step != null) {
        require(c, row, definition(row), new StepKey(step, decision.item()), decision);
      }
      events.insert(c, id, EventTable.Kind.valueOf(decision.kind().name()), "", decision.write());
      instances.bump(c, id);
    }
    actions.insert(c, id, decision, home.clock().ahead());
  }

  private InstanceTable.Row find(Connection c, UUID id) throws SQLException {
    return instances
        .find(c, id)
        .orElseThrow(
            () ->
                new UnknownSagaException(
                    "Saga %s is not there: it was never started, or was deleted after its retention"
                        .formatted(id)));
  }

  private SagaDefinition definition(InstanceTable.Row row) {
    return engine
        .definitions()
        .find(row.saga(), row.sagaVersion())
        .orElseThrow(
            () ->
                new UnknownSagaException(
                    "Version %d of saga \"%s\" is not known in this process, which has %s; decide in one that runs it"
                        .formatted(row.sagaVersion(), row.saga(), engine.definitions().all())));
  }

  /** Refuses what makes no sense in the state that is stored. */
  private void require(
      Connection c,
      InstanceTable.Row row,
      SagaDefinition definition,
      StepKey key,
      OperatorDecision decision)
      throws SQLException {
    StepDefinition step = definition.find(key.step());
    if (step == null) {
      throw new UnknownSagaException(
          "%s has no step \"%s\"; its steps are %s"
              .formatted(
                  definition,
                  key.step(),
                  definition.steps().stream().map(StepDefinition::name).toList()));
    }
    boolean hasItems = step instanceof ActionStep action && action.isForEach();
    int last = hasItems ? InstanceState.MAX_ITEMS - 1 : 0;
    if (key.item() < 0 || key.item() > last) {
      throw new IllegalArgumentException(
          "item of step \"%s\" must be between 0 and %d, was %d"
              .formatted(key.step(), last, key.item()));
    }
    if (decision.kind() == Kind.SKIP) {
      requireSkippable(c, row, key);
      requireReadable(step, decision);
    } else {
      requireResolvable(row, step);
    }
  }

  private void requireSkippable(Connection c, InstanceTable.Row row, StepKey key)
      throws SQLException {
    if (row.state() != SagaState.RUNNING) {
      throw new SagaStateException(
          "Saga %s turns back (%s), and only what is undone can be resolved"
              .formatted(row.id(), row.state()),
          row.state());
    }
    // One that is known to be done, and whose row is lost, keeps its saga: that can be skipped.
    if (Progress.read(row.progress()).isDone(key)
        && !key.step().equals(table.stuckStep(c, row.id()))) {
      throw new SagaStateException(
          "Step \"%s\" of saga %s is done already".formatted(key, row.id()), row.state());
    }
  }

  private void requireReadable(StepDefinition step, OperatorDecision decision) {
    byte[] result = decision.result();
    if (result == null) {
      return;
    }
    if (result.length > engine.options().maxPayloadBytes()) {
      throw new SagaPayloadException(
          "The result of step \"%s\" has %d bytes; evenkeel.saga.max-payload allows %d"
              .formatted(step.name(), result.length, engine.options().maxPayloadBytes()));
    }
    try {
      engine.codec().result(result, step.resultType());
    } catch (PayloadException e) {
      throw new SagaPayloadException(
          "The result of step \"%s\" can't be read as %s: %s"
              .formatted(step.name(), step.resultType().getName(), e.getMessage()),
          e);
    }
  }

  private static void requireResolvable(InstanceTable.Row row, StepDefinition step) {
    if (row.state() != SagaState.COMPENSATING) {
      throw new SagaStateException(
          "Saga %s is %s, and a step is resolved only while its saga is COMPENSATING"
              .formatted(row.id(), row.state()),
          row.state());
    }
    if (!(step instanceof ActionStep action) || action.compensation() == null) {
      throw new SagaStateException(
          "Step \"%s\" of saga %s has no compensation to resolve".formatted(step.name(), row.id()),
          row.state());
    }
  }

  // ---- decisions about many

  @Override
  public SagaBatch retryNow(SagaFilter filter, @Nullable String after, String by, String because) {
    return each(filter, after, decision(Kind.RETRY, null, null, by, because));
  }

  @Override
  public SagaBatch skip(
      SagaFilter filter,
      @Nullable String after,
      Target target,
      @Nullable String result,
      String by,
      String because) {
    return each(filter, after, decision(Kind.SKIP, target, result, by, because));
  }

  @Override
  public SagaBatch resolve(
      SagaFilter filter, @Nullable String after, Target target, String by, String because) {
    return each(filter, after, decision(Kind.RESOLVE, target, null, by, because));
  }

  @Override
  public SagaBatch cancel(SagaFilter filter, @Nullable String after, String by, String because) {
    return each(filter, after, decision(Kind.CANCEL, null, null, by, because));
  }

  /** Those of one page: who decides goes on with the next, and sees what became of these. */
  private SagaBatch each(SagaFilter filter, @Nullable String after, OperatorDecision decision) {
    SagaPage page = search(filter, SagaBatch.MOST, after);
    int done = 0;
    int refused = 0;
    List<String> examples = new ArrayList<>();
    Set<String> missing = new TreeSet<>(page.missing());
    for (SagaStatus saga : page.sagas()) {
      String home = engine.homeOf(saga.id()).name();
      if (missing.contains(home)) {
        continue; // gone since they were found
      }
      try {
        decide(saga.id(), decision);
        done++;
      } catch (SagaException | IllegalArgumentException e) {
        refused++;
        if (examples.size() < MAX_EXAMPLES) {
          examples.add(String.valueOf(e.getMessage()));
        }
      } catch (RuntimeException e) {
        if (FailureKind.of(e) != FailureKind.OUTAGE) {
          throw e;
        }
        missing.add(home);
      }
    }
    return new SagaBatch(done, refused, examples, page.next(), List.copyOf(missing));
  }
}
