package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.Wire.Moment;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/**
 * A saga with a lock, a participant that is asked by messages, a child, a call of a service and a
 * pivot, whose process dies around its n-th commit: that of the owner, of the participant, of the
 * child's owner or of whoever receives. The next process is given every message from the beginning
 * again. Whichever commit it was, all is done once, or undone.
 */
class RemoteGridIT {

  private static final int COMMITS = 30;
  private static final int SAMPLE = 10;
  private static final String[] WRITES = {
    "INTO evenkeel.saga_step",
    "UPDATE evenkeel.saga_step",
    "INTO evenkeel.saga_call",
    "INTO evenkeel.outbox",
    "INTO evenkeel.saga_event",
    "UPDATE evenkeel.saga_instance",
    "INTO evenkeel.saga_key"
  };

  /** A cell of the grid. */
  record Cell(boolean refused, int commit, Moment moment) {}

  record Leg(String id, String home, UUID parent) {}

  record Book(UUID saga, String seat) {}

  record Booked(int number) {}

  @SagaParticipant("desk")
  static class Desk {

    @CommandHandler(compensation = "release")
    Booked book(Book command) {
      world.effect(0, command.saga(), command.seat());
      return new Booked(7);
    }

    void release(Book command, Booked booked) {
      world.effect(0, command.saga(), "-" + command.seat());
    }
  }

  private static SagaWorld world;

  /** What the service has on its books: it does each key once, or never once it is voided. */
  private final Set<String> charged = ConcurrentHashMap.newKeySet();

  private final Set<String> voided = ConcurrentHashMap.newKeySet();

  @BeforeAll
  static void open() {
    world = new SagaWorld(2);
  }

  @AfterAll
  static void close() {
    world.close();
  }

  @AfterEach
  void clear() {
    world.clear();
  }

  private SagaDefinition trip(boolean refused) {
    SagaLocks locks = SagaLocks.ofCurrentStep();
    return Trips.saga(1)
        .step(
            "lock",
            Trips.step(
                world,
                0,
                "lock",
                context -> locks.acquire("traveller", "t", LockMode.FAIL, Duration.ofHours(1)),
                context -> locks.release("traveller", "t")))
        .step(
            "a",
            s ->
                s.after("lock")
                    .participant("desk")
                    .returns(Booked.class)
                    .run(context -> Command.of(new Book(context.sagaId(), "a")))
                    .delegatedCompensation())
        .step(
            "leg",
            s ->
                s.after("lock")
                    .child("leg", Leg.class)
                    .run(context -> new Leg(context.command().id(), "s1", context.sagaId()))
                    .delegatedCompensation())
        .step(
            "call",
            s ->
                s.after("a", "leg")
                    .external()
                    .retry(Trips.RETRIED)
                    .run(
                        context -> {
                          charged.add(context.idempotencyKey().value());
                          return null;
                        })
                    .compensation(context -> voided.add(context.idempotencyKey().value())))
        .step(
            "pay",
            Trips.step(
                world,
                0,
                "pay",
                StepKind.PIVOT,
                context -> {
                  if (refused) {
                    throw new Trips.Refused();
                  }
                },
                "call"))
        .step(
            "d",
            s ->
                s.after("pay")
                    .kind(StepKind.RETRIABLE)
                    .participant("desk")
                    .returns(Booked.class)
                    .run(context -> Command.of(new Book(context.sagaId(), "d"))))
        .step(
            "free",
            Trips.step(
                world,
                0,
                "free",
                StepKind.RETRIABLE,
                context -> locks.release("traveller", "t"),
                "d"))
        .build();
  }

  private static SagaDefinition leg() {
    return SagaBuilder.saga("leg", 1, Leg.class)
        .key("id")
        .shardKey("home")
        .step(
            "x",
            s ->
                s.after()
                    .run(c -> note(c.command(), "x"))
                    .compensation(c -> note(c.command(), "-x")))
        .step(
            "y",
            s ->
                s.after("x")
                    .run(c -> note(c.command(), "y"))
                    .compensation(c -> note(c.command(), "-y")))
        .build();
  }

  private static Object note(Leg leg, String effect) {
    world.effect(1, leg.parent(), effect);
    return null;
  }

  private SagaEngine node(String name, boolean refused) {
    world.participants(participants(), SagaOptions.EVERY_PARTICIPANT);
    return world.node(name, trip(refused), leg());
  }

  private static SagaParticipants participants() {
    return SagaParticipants.of(List.of(new SagaParticipants.Bean(new Desk(), Desk.class)));
  }

  private static Post post(SagaEngine engine) {
    List<DirectHandler> handlers = new ArrayList<>(engine.receivers());
    handlers.addAll(
        participants()
            .receivers(
                new SagaParticipants.Surroundings(
                    SagaWorld.SCHEMA,
                    new JsonPayloadCodec(JsonMapper.builder().findAndAddModules().build()),
                    List.of(),
                    MessageObserver.NONE,
                    () -> Duration.ZERO,
                    1 << 18)));
    return new Post().add(world, 2, engine.shards(), handlers);
  }

  static Stream<Cell> all() {
    List<Cell> cells = new ArrayList<>();
    for (boolean refused : new boolean[] {false, true}) {
      for (int commit = 1; commit <= COMMITS; commit++) {
        for (Moment moment : Moment.values()) {
          cells.add(new Cell(refused, commit, moment));
        }
      }
    }
    return cells.stream();
  }

  static Stream<Cell> sample() {
    List<Cell> cells = new ArrayList<>(all().toList());
    Collections.shuffle(cells, new Random(Long.getLong("evenkeel.test.seed", System.nanoTime())));
    return cells.stream().limit(SAMPLE);
  }

  @ParameterizedTest
  @MethodSource("sample")
  void sampleOfTheGrid(Cell cell) {
    kill(cell);
  }

  @Tag("grid")
  @ParameterizedTest
  @MethodSource("all")
  void wholeGrid(Cell cell) {
    kill(cell);
  }

  private void kill(Cell cell) {
    Wire wire = world.wire();
    AtomicInteger commits = new AtomicInteger();
    SagaEngine first = node("first", cell.refused());
    UUID saga = Trips.start(world, first, Trip.of(UUID.randomUUID().toString()));
    wire.add(
        point -> {
          if (point.moment() == cell.moment()
              && point.statement().equals(Wire.COMMIT)
              && Stream.of(WRITES).anyMatch(point::hasSent)
              && !point.hasSent("epoch = i.epoch + 1")
              && commits.incrementAndGet() >= cell.commit()) {
            throw new SQLException("The process has died", "08006");
          }
        });
    world.start(first);
    Post post = post(first);
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              try {
                post.deliver();
              } catch (RuntimeException e) { // it is dead, or soon will be
                return commits.get() >= cell.commit();
              }
              return commits.get() >= cell.commit() || isOver(first, saga);
            });
    wire.kill();
    world.decorate(pool -> pool);
    SagaEngine next = world.start(node("next", cell.refused()));
    Post again = post(next); // from the beginning

    again.deliverUntil(() -> isOver(next, saga));

    again.delivered().forEach(again::deliver);
    again.deliver();
    judge(cell, saga, next);
  }

  private static boolean isOver(SagaEngine engine, UUID saga) {
    return engine.status(saga).orElseThrow().state().isEnded();
  }

  private void judge(Cell cell, UUID saga, SagaEngine engine) {
    List<String> effects = new ArrayList<>(world.effects(0, saga));
    effects.addAll(world.effects(1, saga));
    SagaStatus status = engine.status(saga).orElseThrow();
    if (cell.refused()) {
      assertThat(status.state()).isEqualTo(SagaState.COMPENSATED);
      assertThat(effects)
          .containsExactlyInAnyOrder("lock", "-lock", "a", "-a", "x", "y", "-y", "-x");
      assertThat(voided).containsAll(charged).hasSize(1);
    } else {
      assertThat(status.state()).isEqualTo(SagaState.COMPLETED);
      assertThat(effects).containsExactlyInAnyOrder("lock", "a", "x", "y", "pay", "d", "free");
      assertThat(charged).hasSize(1);
      assertThat(voided).isEmpty();
    }
    assertThat(status.stuckReason()).isNull();
    assertThat(world.jdbc(0).queryForList("SELECT 1 FROM evenkeel.saga_lock")).isEmpty();
  }
}
