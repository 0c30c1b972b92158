package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Code;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitionException;
import dev.evenkeel.saga.definition.SagaDefinitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Steps that are sagas of their own, on a home shard of their own. */
class ChildIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  /** What a child is started with. */
  record Leg(String id, String home, UUID parent) {}

  private static SagaWorld world;

  private Post post;
  private SagaEngine engine;

  @BeforeAll
  static void openWorld() {
    world = new SagaWorld(2);
  }

  @AfterAll
  static void closeWorld() {
    world.close();
  }

  @AfterEach
  void clear() {
    world.clear();
  }

  /** Home on s1: two steps, whose effects are the parent's, so that they are seen together. */
  private static SagaDefinition leg(Code first, Code second, boolean waits) {
    SagaBuilder<Leg> saga =
        SagaBuilder.saga("leg", 1, Leg.class)
            .key("id")
            .shardKey("home")
            .step(
                "x",
                s ->
                    s.after()
                        .retry(Trips.QUICK)
                        .run(
                            context -> {
                              first.run(null);
                              world.effect(1, context.command().parent(), "x");
                              return null;
                            })
                        .compensation(
                            context -> world.effect(1, context.command().parent(), "-x")));
    if (waits) {
      saga.await("approval", Approved.class, a -> a.after("x"));
    }
    return saga.step(
            "y",
            s ->
                s.after(waits ? "approval" : "x")
                    .retry(Trips.QUICK)
                    .run(
                        context -> {
                          second.run(null);
                          world.effect(1, context.command().parent(), "y");
                          return null;
                        })
                    .compensation(context -> world.effect(1, context.command().parent(), "-y")))
        .build();
  }

  private static SagaDefinition trip(Code last) {
    return Trips.saga(1)
        .step("a", Trips.step(world, 0, "a", Code.NOTHING))
        .step(
            "leg",
            s ->
                s.after("a")
                    .child("leg", Leg.class)
                    .run(context -> new Leg(context.command().id(), "s1", context.sagaId()))
                    .delegatedCompensation())
        .step("z", Trips.step(world, 0, "z", last, "leg"))
        .build();
  }

  private void open(SagaDefinition... definitions) {
    engine = world.start(world.node("n1", definitions));
    post = new Post().add(world, 2, engine.receivers());
  }

  private UUID start() {
    return Trips.start(world, engine, Trip.of(UUID.randomUUID().toString()));
  }

  private static List<String> effects(UUID saga) {
    List<String> effects = new ArrayList<>(world.effects(0, saga));
    effects.addAll(world.effects(1, saga));
    return effects;
  }

  private static UUID child(UUID parent) {
    return world
        .jdbc(1)
        .queryForObject(
            "SELECT id FROM evenkeel.saga_instance WHERE parent_id = ?", UUID.class, parent);
  }

  private static boolean isBorn(UUID parent) {
    return !world
        .jdbc(1)
        .queryForList("SELECT 1 FROM evenkeel.saga_instance WHERE parent_id = ?", parent)
        .isEmpty();
  }

  private void deliverAllAgain() {
    List<OutboxMessage> all = new ArrayList<>(post.delivered());
    Collections.reverse(all);
    all.forEach(post::deliver);
    post.deliver();
  }

  @Test
  void stepIsDoneWhenItsChildHasCompleted() {
    open(trip(Code.NOTHING), leg(Code.NOTHING, Code.NOTHING, false));
    UUID saga = start();

    post.deliverUntil(engine, saga, SagaState.COMPLETED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "x", "y", "z");
    assertThat(engine.status(child(saga)).orElseThrow().state()).isEqualTo(SagaState.COMPLETED);
    deliverAllAgain();
    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "x", "y", "z");
  }

  @Test
  void childThatIsCompensatedRefusesItsStep() {
    Code refuses =
        context -> {
          throw new Trips.Refused();
        };
    open(trip(Code.NOTHING), leg(Code.NOTHING, refuses, false));
    UUID saga = start();

    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "x", "-x", "-a");
    assertThat(engine.status(saga).orElseThrow().failure().message()).isEqualTo("No seat is left");
  }

  @Test
  void parentThatTurnsBackHasItsChildTurnBackAndAwaitsItsEnd() {
    open(trip(Code.NOTHING), leg(Code.NOTHING, Code.NOTHING, true));
    UUID saga = start();
    post.deliverUntil(() -> effects(saga).contains("x"));

    engine.cancel(saga, "not wanted any more");
    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "x", "-x", "-a");
    assertThat(engine.status(child(saga)).orElseThrow().state()).isEqualTo(SagaState.COMPENSATED);
    deliverAllAgain();
    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "x", "-x", "-a");
  }

  @Test
  void compensatingTheStepCompensatesTheCompletedChildOnce() {
    Code refuses =
        context -> {
          throw new Trips.Refused();
        };
    open(trip(refuses), leg(Code.NOTHING, Code.NOTHING, false));
    UUID saga = start();
    post.deliverUntil(
        () -> {
          List.copyOf(post.delivered()).forEach(post::deliver); // everything again and again
          return engine.status(saga).orElseThrow().state() == SagaState.COMPENSATED;
        });

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "x", "y", "-y", "-x", "-a");
    assertThat(engine.status(child(saga)).orElseThrow().state()).isEqualTo(SagaState.COMPENSATED);
  }

  @Test
  void childThatWasFencedIsNeverBorn() {
    open(trip(Code.NOTHING), leg(Code.NOTHING, Code.NOTHING, false));
    post.hold(Post.asks(SagaVerb.EXECUTE));
    UUID saga = start();
    await().atMost(SOON).until(() -> !post.waiting().isEmpty());
    engine.cancel(saga, "not wanted any more");
    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    post.hold(m -> false);
    post.deliver();

    assertThat(isBorn(saga)).isFalse();
    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "-a");
  }

  @Test
  void nextOwnersOfParentAndChildGoOn() {
    SagaDefinition[] definitions = {trip(Code.NOTHING), leg(Code.NOTHING, Code.NOTHING, true)};
    Wire wire = world.wire();
    open(definitions);
    UUID saga = start();
    post.deliverUntil(() -> effects(saga).contains("x"));
    UUID child = child(saga);
    wire.kill();
    world.decorate(pool -> pool);
    SagaEngine next = world.start(world.node("n2", definitions));
    post = new Post().add(world, 2, next.receivers());
    next.signal(child, new Approved("somebody"));

    post.deliverUntil(next, saga, SagaState.COMPLETED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "x", "y", "z");
  }

  @Test
  void childThatIsCompensatedAfterThePivotIsAnAlarm() {
    Code refuses =
        context -> {
          throw new Trips.Refused();
        };
    SagaDefinition parent =
        Trips.saga(1)
            .step("p", Trips.step(world, 0, "p", StepKind.PIVOT, Code.NOTHING))
            .step(
                "leg",
                s ->
                    s.after("p")
                        .kind(StepKind.RETRIABLE)
                        .child("leg", Leg.class)
                        .run(context -> new Leg(context.command().id(), "s1", context.sagaId())))
            .build();
    open(parent, leg(Code.NOTHING, refuses, false));
    UUID saga = start();

    post.deliverUntil(() -> engine.status(saga).orElseThrow().stuckReason() != null);

    assertThat(engine.status(saga).orElseThrow().state()).isEqualTo(SagaState.RUNNING);
    assertThat(engine.status(saga).orElseThrow().stuckReason()).contains("No seat is left");
  }

  @Test
  void childIsKeptForAsLongAsItsParent() {
    SagaDefinition parent =
        Trips.saga(1)
            .step(
                "leg",
                s ->
                    s.after()
                        .child("leg", Leg.class)
                        .run(context -> new Leg(context.command().id(), "s1", context.sagaId()))
                        .delegatedCompensation())
            .await("approval", Approved.class, a -> a.after("leg"))
            .build();
    open(parent, leg(Code.NOTHING, Code.NOTHING, false));
    UUID saga = start();
    post.deliverUntil(() -> isBorn(saga));
    UUID child = child(saga);
    post.deliverUntil(engine, child, SagaState.COMPLETED);
    world.pass(Duration.ofDays(20));
    SagaJanitor janitor = new SagaJanitor(engine);
    janitor.sweep();
    assertThat(engine.status(child)).isPresent();

    engine.cancel(saga, "nobody approved");
    post.deliverUntil(engine, saga, SagaState.COMPENSATED);
    assertThat(effects(saga)).containsExactlyInAnyOrder("x", "y", "-y", "-x");
    world.pass(Duration.ofDays(20));
    janitor.sweep();
    janitor.sweep();
    post.deliver();

    assertThat(engine.status(saga)).isEmpty();
    assertThat(engine.status(child)).isEmpty();
    assertThat(world.jdbc(1).queryForList("SELECT 1 FROM evenkeel.saga_step")).isEmpty();
  }

  @Test
  void mistakesInChildrenAreNamedTogether() {
    SagaDefinition pivoted =
        SagaBuilder.saga("leg", 1, Trip.class)
            .key("id")
            .shardKey("home")
            .step("p", s -> s.after().kind(StepKind.PIVOT).run(context -> null))
            .build();

    assertThatThrownBy(() -> SagaDefinitions.of(List.of(trip(Code.NOTHING), pivoted)))
        .isInstanceOf(SagaDefinitionException.class)
        .hasMessageContaining("is started by a")
        .hasMessageContaining("must have no pivot");
    assertThatThrownBy(() -> SagaDefinitions.of(List.of(trip(Code.NOTHING))))
        .hasMessageContaining("must be a saga of this process, was \"leg\"");
  }
}
