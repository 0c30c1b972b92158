package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.SagaHistoryEntry.Kind;
import dev.evenkeel.saga.SagaOperations.Target;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.Trips.Waiting;
import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.core.JdbcTemplate;

/** What operators find, and what becomes of their decisions. */
class OperationsIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int MANY = 1_000;
  private static final RetryPolicy PATIENT =
      new RetryPolicy(3, Duration.ofHours(1), Duration.ofHours(1), List.of());

  private final SagaWorld world = new SagaWorld(2);
  private final AtomicBoolean broken = new AtomicBoolean(true);
  private final Waiting waiting = new Waiting();

  @AfterEach
  void close() {
    waiting.release();
    world.close();
  }

  private void failWhileBroken() {
    if (broken.get()) {
      throw new IllegalStateException("The hotel does not answer");
    }
  }

  /** Who has failed once is stuck, and would not try again while the test runs. */
  private SagaEngine node(String name, SagaDefinition definition) {
    SagaOptions o = world.options(name);
    SagaOptions options =
        new SagaOptions(
            o.schema(),
            o.node(),
            o.service(),
            o.remoteParticipants(),
            o.concurrency(),
            o.maxActive(),
            o.lease(),
            o.poll(),
            1,
            o.retention(),
            o.keyRetention(),
            o.signalRetention(),
            o.maxPayloadBytes(),
            o.virtualThreads());
    return world.node(options, SagaObserver.NONE, definition);
  }

  /** Its last step is past the pivot, so that nothing but success or an operator ends it. */
  private SagaDefinition forward() {
    return Trips.saga(1)
        .step("flight", step(world, 0, "flight", StepKind.PIVOT, Code.NOTHING))
        .step(
            "hotel",
            step(world, 1, "hotel", StepKind.RETRIABLE, c -> failWhileBroken(), "flight")
                .andThen(s -> s.retry(PATIENT)))
        .build();
  }

  /** Refused at its second step; the first can't be undone. */
  private SagaDefinition backward() {
    return Trips.saga(1)
        .step(
            "flight",
            step(world, 1, "flight", Code.NOTHING, c -> failWhileBroken())
                .andThen(s -> s.retry(PATIENT)))
        .step(
            "hotel",
            step(
                world,
                0,
                "hotel",
                c -> {
                  throw new Trips.Refused();
                },
                "flight"))
        .build();
  }

  private List<UUID> start(SagaEngine engine, int count) {
    List<UUID> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(Trips.start(world, engine, Trip.at("trip " + i, "s0 home " + i)));
    }
    return ids;
  }

  private void awaitStuck(int count) {
    await()
        .atMost(SOON)
        .until(
            () ->
                world
                        .jdbc(0)
                        .queryForObject(
                            "SELECT count(*) FROM evenkeel.saga_instance WHERE stuck_at IS NOT NULL",
                            Long.class)
                    == count);
  }

  private void awaitAll(SagaState state, int count) {
    await()
        .atMost(SOON)
        .until(
            () ->
                world
                        .jdbc(0)
                        .queryForObject(
                            "SELECT count(*) FROM evenkeel.saga_instance WHERE state = ? AND stuck_at IS NULL",
                            Long.class,
                            state.name())
                    == count);
  }

  @ParameterizedTest
  @EnumSource(
      value = SagaAction.Kind.class,
      names = {"RETRY", "SKIP", "RESOLVE"})
  void aThousandStuckSagasAreBroughtToTheirEndInBulk(SagaAction.Kind kind) {
    boolean back = kind == SagaAction.Kind.RESOLVE;
    SagaEngine engine = world.start(node("a", back ? backward() : forward()));
    start(engine, MANY);
    awaitStuck(MANY);
    SagaFilter stuck = SagaFilter.all().withSaga("trip").onlyStuck();
    SagaOperations operations = engine.operations();
    if (kind == SagaAction.Kind.RETRY) {
      broken.set(false);
    }

    SagaBatch batch =
        switch (kind) {
          case RETRY -> operations.retryNow(stuck, null, "ops", "the hotel answers again");
          case SKIP ->
              operations.skip(
                  stuck, null, Target.of("hotel"), null, "ops", "the hotel has burnt down");
          default ->
              operations.resolve(stuck, null, Target.of("flight"), "ops", "given back by phone");
        };

    assertThat(batch.done()).isEqualTo(MANY);
    assertThat(batch.refused()).isZero();
    assertThat(batch.next()).isNull();
    awaitAll(back ? SagaState.COMPENSATED : SagaState.COMPLETED, MANY);
    assertThat(
            world
                .jdbc(1)
                .queryForObject(
                    "SELECT count(*) FROM evenkeel.saga_step WHERE outcome = 'SKIPPED'",
                    Long.class))
        .isEqualTo(kind == SagaAction.Kind.RETRY ? 0 : MANY);
    assertThat(
            world
                .jdbc(0)
                .queryForObject(
                    "SELECT count(DISTINCT saga_id) FROM evenkeel.saga_action WHERE action = ? AND acted_by = 'ops'",
                    Long.class,
                    kind.name()))
        .isEqualTo(MANY);
  }

  @Test
  void aSkipThatCommitsFirstTakesTheStepsSuccessBack() {
    SagaDefinition definition =
        Trips.saga(1)
            .step("flight", step(world, 0, "flight", Code.NOTHING))
            .step(
                "hotel",
                s ->
                    s.after("flight")
                        .shardKey("s1")
                        .run(
                            context -> {
                              world.effect(1, context.sagaId(), "hotel");
                              waiting.run(context);
                              return null;
                            })
                        .compensation(c -> {}))
            .build();
    SagaEngine engine = world.start(node("a", definition));
    UUID saga = start(engine, 1).get(0);
    waiting.awaitReached();

    engine.operations().skip(saga, Target.of("hotel"), null, "ops", "it hangs");
    await()
        .atMost(SOON)
        .until(
            () ->
                !world
                    .jdbc(1)
                    .queryForList(
                        "SELECT 1 FROM evenkeel.saga_step WHERE saga_id = ? AND outcome = 'SKIPPED'",
                        saga)
                    .isEmpty());
    waiting.release();
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);

    assertThat(world.effects(1, saga)).as("rolled back: the skip was first").isEmpty();
    assertThat(engine.history(saga))
        .extracting(SagaHistoryEntry::kind)
        .contains(Kind.DECIDED, Kind.SKIPPED);
  }

  @Test
  void successThatIsCommittedBeforeTheSkipStays() {
    SagaEngine engine = world.start(node("a", forward()));
    UUID saga = start(engine, 1).get(0);
    awaitStuck(1);
    // What another owner's late attempt leaves.
    new JdbcTemplate(world.shard(1).pool())
        .update(
            "INSERT INTO evenkeel.saga_step (saga_id, step, item, direction, outcome, slot, epoch, attempt)"
                + " VALUES (?, 'hotel', 0, 'FORWARD', 'DONE', 1, 1, 1)",
            saga);

    engine.operations().skip(saga, Target.of("hotel"), null, "ops", "it hangs");
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);

    assertThat(
            world
                .jdbc(1)
                .queryForList(
                    "SELECT outcome FROM evenkeel.saga_step WHERE saga_id = ? AND step = 'hotel'",
                    String.class,
                    saga))
        .containsExactly("DONE");
    assertThat(engine.history(saga))
        .extracting(SagaHistoryEntry::kind)
        .doesNotContain(Kind.SKIPPED);
  }

  @Test
  void theNextOwnerCarriesOutADecisionThatItsPredecessorDidNot() {
    SagaEngine former = world.start(node("a", forward()));
    UUID saga = start(former, 1).get(0);
    awaitStuck(1);
    former.stop();
    SagaEngine caller = node("caller", forward()); // stores, and runs nothing
    caller.operations().skip(saga, Target.of("hotel"), null, "ops", "the hotel has burnt down");
    caller.operations().skip(saga, Target.of("hotel"), null, "other", "me too");
    assertThat(events(saga)).isEqualTo(2);

    SagaEngine next = world.start(node("b", forward()));
    SagaWorld.awaitState(next, saga, SagaState.COMPLETED);

    assertThat(next.history(saga))
        .filteredOn(line -> line.kind() == Kind.SKIPPED)
        .as("once")
        .hasSize(1);
    await().atMost(SOON).until(() -> events(saga) == 0);
    assertThat(next.operations().actions(saga))
        .extracting(SagaAction::kind, SagaAction::step, SagaAction::actedBy, SagaAction::because)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                SagaAction.Kind.SKIP, "hotel", "ops", "the hotel has burnt down"),
            org.assertj.core.groups.Tuple.tuple(SagaAction.Kind.SKIP, "hotel", "other", "me too"));
  }

  private long events(UUID saga) {
    return world
        .jdbc(0)
        .queryForObject(
            "SELECT count(*) FROM evenkeel.saga_event WHERE saga_id = ?", Long.class, saga);
  }

  @Test
  void whatMakesNoSenseIsRefusedAndLeavesNothing() {
    SagaEngine engine = world.start(node("a", forward()));
    UUID saga = start(engine, 1).get(0);
    awaitStuck(1);
    SagaOperations operations = engine.operations();

    assertThatThrownBy(() -> operations.skip(saga, Target.of("flight"), null, "ops", "why"))
        .isInstanceOf(SagaStateException.class)
        .hasMessageContaining("is done already");
    assertThatThrownBy(() -> operations.resolve(saga, Target.of("flight"), "ops", "why"))
        .isInstanceOf(SagaStateException.class)
        .hasMessageContaining("is resolved only while its saga is COMPENSATING");
    assertThatThrownBy(() -> operations.cancel(saga, "ops", "why"))
        .isInstanceOf(SagaStateException.class)
        .hasMessageContaining("passed its pivot");
    assertThatThrownBy(() -> operations.skip(saga, Target.of("train"), null, "ops", "why"))
        .isInstanceOf(UnknownSagaException.class)
        .hasMessageContaining("has no step \"train\"");
    assertThatThrownBy(() -> operations.skip(saga, new Target("hotel", 1), null, "ops", "why"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("between 0 and 0, was 1");
    assertThatThrownBy(() -> operations.retryNow(saga, "ops", " "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("because must say why");
    assertThat(operations.actions(saga)).isEmpty();
    assertThat(events(saga)).isZero();

    operations.skip(saga, Target.of("hotel"), null, "ops", "why");
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThatThrownBy(() -> operations.retryNow(saga, "ops", "why"))
        .isInstanceOf(SagaStateException.class)
        .hasMessageContaining("has ended: COMPLETED");
  }

  @Test
  void aCancelIsRecordedWithWhoAndWhy() {
    SagaDefinition definition =
        Trips.saga(1)
            .step("flight", step(world, 0, "flight", Code.NOTHING))
            .await("approval", Trips.Approved.class, a -> a.after("flight"))
            .build();
    SagaEngine engine = world.start(node("a", definition));
    UUID saga = start(engine, 1).get(0);
    engine.operations().cancel(saga, "ops", "not wanted");
    SagaWorld.awaitState(engine, saga, SagaState.COMPENSATED);
    assertThat(engine.operations().actions(saga))
        .extracting(SagaAction::kind, SagaAction::actedBy, SagaAction::because)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(SagaAction.Kind.CANCEL, "ops", "not wanted"));
  }

  @Test
  void aSkippedAwaitGivesItsDependantsTheResult() {
    List<String> seen = new java.util.concurrent.CopyOnWriteArrayList<>();
    SagaDefinition definition =
        Trips.saga(1)
            .step("flight", step(world, 0, "flight", Code.NOTHING))
            .await("approval", Trips.Approved.class, a -> a.after("flight"))
            .step(
                "hotel",
                step(
                    world,
                    1,
                    "hotel",
                    c -> seen.add(c.result("approval", Trips.Approved.class).by()),
                    "approval"))
            .build();
    SagaEngine engine = world.start(node("a", definition));
    UUID saga = start(engine, 1).get(0);
    SagaOperations operations = engine.operations();
    assertThatThrownBy(
            () -> operations.skip(saga, Target.of("approval"), "[1]", "ops", "he is ill"))
        .isInstanceOf(SagaPayloadException.class)
        .hasMessageContaining("can't be read as");
    operations.skip(saga, Target.of("approval"), "{\"by\":\"the deputy\"}", "ops", "he is ill");
    SagaWorld.awaitState(engine, saga, SagaState.COMPLETED);
    assertThat(seen).containsExactly("the deputy");
  }

  // ---- search

  @Test
  void findsByEachFilterOnAllHomeShardsNewestFirst() {
    SagaEngine engine = world.start(node("a", forward()));
    List<UUID> ids = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      ids.add(Trips.start(world, engine, Trip.at("trip " + i, "s" + i % 2 + " home")));
    }
    await().atMost(SOON).until(() -> search(engine, SagaFilter.all().onlyStuck()).size() == 6);
    Set<UUID> all = new HashSet<>(ids);

    assertThat(search(engine, SagaFilter.all())).containsExactlyInAnyOrderElementsOf(all);
    assertThat(search(engine, SagaFilter.all().withKey("trip 3"))).containsExactly(ids.get(3));
    assertThat(search(engine, SagaFilter.all().withSaga("trip").withKey("trip 4")))
        .containsExactly(ids.get(4));
    assertThat(search(engine, SagaFilter.all().withSaga("car"))).isEmpty();
    assertThat(search(engine, SagaFilter.all().withStates(SagaState.RUNNING))).hasSize(6);
    assertThat(search(engine, SagaFilter.all().withStates(SagaState.COMPENSATED))).isEmpty();
    assertThat(search(engine, SagaFilter.all().withStates(SagaState.COMPLETED))).isEmpty();
    assertThat(search(engine, SagaFilter.all().withStep("hotel"))).hasSize(6);
    assertThat(search(engine, SagaFilter.all().withStep("flight"))).isEmpty();
    assertThat(search(engine, SagaFilter.all().withError("HOTEL does not"))).hasSize(6);
    assertThat(search(engine, SagaFilter.all().withError("hotel").onlyStuck())).hasSize(6);
    assertThat(search(engine, SagaFilter.all().withError("train"))).isEmpty();
    Instant third = engine.status(ids.get(2)).orElseThrow().createdAt();
    Instant tomorrow = Instant.now().plus(Duration.ofDays(1));
    assertThat(search(engine, SagaFilter.all().withStartedAfter(tomorrow))).isEmpty();
    assertThat(search(engine, SagaFilter.all().withStartedBefore(tomorrow))).hasSize(6);
    List<SagaStatus> found = engine.operations().search(SagaFilter.all(), 10, null).sagas();
    assertThat(found)
        .extracting(SagaStatus::createdAt)
        .isSortedAccordingTo((a, b) -> b.compareTo(a));
    assertThat(search(engine, SagaFilter.all().withStartedAfter(third))).contains(ids.get(2));
    assertThat(search(engine, SagaFilter.all().withStartedBefore(third)))
        .doesNotContain(ids.get(2));

    broken.set(false);
    engine.operations().retryNow(SagaFilter.all().onlyStuck(), null, "ops", "it answers again");
    await()
        .atMost(SOON)
        .until(() -> search(engine, SagaFilter.all().withStates(SagaState.COMPLETED)).size() == 6);
    assertThat(search(engine, SagaFilter.all().onlyStuck())).isEmpty();
  }

  private static List<UUID> search(SagaEngine engine, SagaFilter filter) {
    return engine.operations().search(filter, 100, null).sagas().stream()
        .map(SagaStatus::id)
        .toList();
  }

  @Test
  void pagesHaveEveryInstanceOnce() {
    SagaEngine engine = node("a", forward()); // nothing runs, so nothing changes
    Set<UUID> ids = new HashSet<>();
    for (int i = 0; i < 25; i++) {
      ids.add(Trips.start(world, engine, Trip.at("trip " + i, "s" + i % 2 + " home")));
    }
    List<UUID> seen = new ArrayList<>();
    String after = null;
    do {
      SagaPage page = engine.operations().search(SagaFilter.all(), 4, after);
      page.sagas().forEach(saga -> seen.add(saga.id()));
      after = page.next();
    } while (after != null);
    assertThat(seen).hasSize(25).containsExactlyInAnyOrderElementsOf(ids);
    assertThatThrownBy(() -> engine.operations().search(SagaFilter.all(), 0, null))
        .hasMessage("limit must be between 1 and 1000, was 0");
    assertThatThrownBy(() -> engine.operations().search(SagaFilter.all(), 1, "x"))
        .hasMessageContaining("after must be the \"next\" of a page of sagas");
  }

  @Test
  void aSearchStopsAtItsBoundAndGoesOnFromThere() {
    SagaEngine engine = node("a", forward());
    world
        .jdbc(0)
        .update(
            """
            INSERT INTO evenkeel.saga_instance (id, saga, saga_version, key, slot, command, state, failure, created_at, ended_at)
            SELECT gen_random_uuid(), 'trip', 1, 'k' || n, 0, '{}', 'COMPENSATED',
                   jsonb_build_object('reason', 'REFUSED', 'step', 'hotel', 'type', 'X', 'message', CASE n WHEN 1 THEN 'needle' ELSE 'hay' END),
                   timestamptz '2026-01-01' + n * interval '1 second', now()
              FROM generate_series(1, 12000) n
            """);
    SagaFilter filter = SagaFilter.all().withError("needle");
    SagaPage first = engine.operations().search(filter, 10, null);
    assertThat(first.sagas()).isEmpty();
    assertThat(first.stopped()).isTrue();
    SagaPage page = first;
    for (int i = 0; i < 5 && page.next() != null; i++) {
      page = engine.operations().search(filter, 10, page.next());
    }
    assertThat(page.sagas()).extracting(SagaStatus::key).containsExactly("k1");
    assertThat(page.stopped()).isFalse();
  }

  @Test
  void aShardThatIsDownIsNamed() {
    SagaEngine engine = node("a", forward());
    Trips.start(world, engine, Trip.at("trip", "s0 home"));
    world.down(1, true);
    SagaPage page = engine.operations().search(SagaFilter.all(), 10, null);
    assertThat(page.sagas()).hasSize(1);
    assertThat(page.missing()).containsExactly("s1");
  }
}
