package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/**
 * A saga whose participant is a service of its own, with databases of its own: whatever the
 * messages do on their way, each effect happens once or not at all, and is undone if the saga turns
 * back.
 */
class RemoteIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  /** A seat on a shard of the participant's. */
  record Book(UUID saga, String seat, String shard) {}

  record Booked(String seat, int number) {}

  static final class SoldOut extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SoldOut() {
      super("No seat is left");
    }
  }

  /** Books seats on the shards of one world. */
  @SagaParticipant("desk")
  static class Desk {

    private final SagaWorld world;
    volatile String refuses = "";
    volatile String fails = "";
    volatile String failsToUndo = "";
    volatile Runnable undoing = () -> {};

    Desk(SagaWorld world) {
      this.world = world;
    }

    @CommandHandler(shardKey = "shard", compensation = "release", refusals = SoldOut.class)
    Booked book(Book command) {
      world.effect(shard(command), command.saga(), command.seat());
      if (refuses.equals(command.seat())) {
        throw new SoldOut();
      }
      if (fails.equals(command.seat())) {
        throw new IllegalStateException("The desk is on fire");
      }
      return new Booked(command.seat(), 7);
    }

    void release(Book command, Booked booked) {
      undoing.run();
      world.effect(shard(command), command.saga(), "-" + booked.seat() + booked.number());
      if (failsToUndo.equals(command.seat())) {
        throw new IllegalStateException("The desk is under water");
      }
    }

    private static int shard(Book command) {
      return command.shard().charAt(1) - '0';
    }
  }

  private static SagaWorld home;
  private static SagaWorld away;
  private Desk desk;
  private Post post;
  private SagaEngine engine;

  @BeforeAll
  static void openWorlds() {
    home = new SagaWorld(1);
    away = new SagaWorld(2);
  }

  @AfterAll
  static void closeWorlds() {
    home.close();
    away.close();
  }

  @BeforeEach
  void open() {
    desk = new Desk(away);
  }

  @AfterEach
  void clear() {
    home.clear();
    away.clear();
  }

  private static Consumer<StepBuilder<Trips.Trip>> booking(
      String seat, String shard, StepKind kind, String... after) {
    return s -> {
      s.after(after)
          .kind(kind)
          .participant("desk")
          .returns(Booked.class)
          .retry(Trips.RETRIED)
          .run(context -> new Book(context.sagaId(), seat, shard));
      if (kind == StepKind.COMPENSATABLE) {
        s.delegatedCompensation();
      }
    };
  }

  /** Two bookings beside each other, one after them, the pivot at home, one more. */
  private SagaDefinition trip() {
    return trip(Trips.saga(1));
  }

  private SagaDefinition trip(SagaBuilder<Trips.Trip> saga) {
    return saga.step("a", booking("a", "s0", StepKind.COMPENSATABLE))
        .step("b", booking("b", "s1", StepKind.COMPENSATABLE))
        .step("c", booking("c", "s0", StepKind.COMPENSATABLE, "a", "b"))
        .step("pay", Trips.step(home, 0, "pay", StepKind.PIVOT, Trips.Code.NOTHING, "c"))
        .step("d", booking("d", "s1", StepKind.RETRIABLE, "pay"))
        .build();
  }

  private void open(SagaDefinition definition) {
    engine = home.start(home.node("n1", definition));
    post =
        new Post()
            .add(home, 1, engine.receivers())
            .add(away, 2, participants().receivers(surroundings()));
  }

  private SagaParticipants participants() {
    return SagaParticipants.of(List.of(new SagaParticipants.Bean(desk, Desk.class)));
  }

  private static SagaParticipants.Surroundings surroundings() {
    return new SagaParticipants.Surroundings(
        SagaWorld.SCHEMA,
        new JsonPayloadCodec(JsonMapper.builder().findAndAddModules().build()),
        List.of(),
        MessageObserver.NONE,
        () -> Duration.ZERO,
        1 << 18);
  }

  private UUID start() {
    return Trips.start(home, engine, Trips.Trip.of(UUID.randomUUID().toString()));
  }

  private List<String> effects(UUID saga) {
    List<String> effects = new ArrayList<>(away.effects(0, saga));
    effects.addAll(away.effects(1, saga));
    effects.addAll(home.effects(0, saga));
    return effects;
  }

  private void again(List<OutboxMessage> messages) {
    messages.forEach(post::deliver);
  }

  private SagaStatus status(UUID saga) {
    return engine.status(saga).orElseThrow();
  }

  @Test
  void commandsTravelAndResultsComeBack() {
    open(trip());
    UUID saga = start();

    post.deliverUntil(engine, saga, SagaState.COMPLETED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "b", "c", "pay", "d");
    assertThat(post.delivered().stream().filter(Post.asks(SagaVerb.EXECUTE))).hasSize(4);
    assertThat(post.delivered().stream().filter(Post.answers())).hasSize(4);
    assertThat(engine.history(saga))
        .filteredOn(line -> "desk".equals(line.shard()))
        .extracting(SagaHistoryEntry::step)
        .containsExactlyInAnyOrder("a", "b", "c", "d");
  }

  @Test
  void everyMessageTwiceAndAllOfThemAgainInReverseChangesNothing() {
    open(trip());
    desk.refuses = "c";
    UUID saga = start();
    post.deliverUntil(
        () -> {
          again(post.delivered());
          return status(saga).state() == SagaState.COMPENSATED;
        });

    List<OutboxMessage> all = new ArrayList<>(post.delivered());
    Collections.reverse(all);
    again(all);
    post.deliver();

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "b", "-a7", "-b7");
    assertThat(status(saga).failure().message()).isEqualTo("No seat is left");
    assertThat(status(saga).failure().reason()).isEqualTo(SagaFailure.Reason.REFUSED);
  }

  @Test
  void commandThatIsOvertakenByItsFenceIsNeverCarriedOut() {
    open(trip());
    post.hold(m -> Post.asks(SagaVerb.EXECUTE).test(m) && m.aggregateId().contains("/a/"));
    UUID saga = start();
    post.deliverUntil(() -> effects(saga).contains("b"));
    engine.cancel(saga, "not wanted any more");
    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    post.hold(m -> false);
    post.deliver();

    assertThat(effects(saga))
        .as("a command that comes after its fence has no effect")
        .containsExactlyInAnyOrder("b", "-b7");
  }

  @Test
  void answerThatComesAfterTheFenceIsWhatHasHappened() {
    open(trip());
    post.hold(Post.answers());
    UUID saga = start();
    post.deliverUntil(() -> effects(saga).containsAll(List.of("a", "b")));
    engine.cancel(saga, "not wanted any more");
    await().atMost(SOON).until(() -> status(saga).state() == SagaState.CLOSING);
    post.hold(m -> Post.answers().test(m) && m.aggregateId().contains("EXECUTE"));
    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    post.hold(m -> false);
    post.deliver();

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "b", "-a7", "-b7");
    assertThat(status(saga).state()).isEqualTo(SagaState.COMPENSATED);
  }

  @Test
  void whatWasNeverAskedNeedsNoFenceAndForgedAnswersCountForNothing() {
    open(trip());
    post.hold(Post.asks(SagaVerb.EXECUTE));
    UUID saga = start();
    await().atMost(SOON).until(() -> post.waiting().size() == 2);
    forge(saga, "c", SagaVerb.EXECUTE, 1, SagaReply.Outcome.DONE); // was not asked
    forge(saga, "a", SagaVerb.UNDO, 1, SagaReply.Outcome.UNDONE); // is not done
    forge(saga, "a", SagaVerb.EXECUTE, 9, SagaReply.Outcome.FAILED); // of no sending
    forge(saga, "nowhere", SagaVerb.EXECUTE, 1, SagaReply.Outcome.DONE);
    forge(UUID.randomUUID(), "a", SagaVerb.EXECUTE, 1, SagaReply.Outcome.DONE);
    await()
        .atMost(SOON)
        .until(() -> home.jdbc(0).queryForList("SELECT 1 FROM evenkeel.saga_event").isEmpty());
    assertThat(status(saga).state()).isEqualTo(SagaState.RUNNING);

    engine.cancel(saga, "not wanted any more");
    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    assertThat(post.delivered().stream().filter(Post.asks(SagaVerb.FENCE)))
        .extracting(m -> m.headers().get(SagaMessages.STEP))
        .containsExactlyInAnyOrder("a/0", "b/0");
    assertThat(effects(saga)).isEmpty();
  }

  private void forge(
      UUID saga, String step, SagaVerb verb, int sending, SagaReply.Outcome outcome) {
    SagaReply reply =
        new SagaReply(saga.toString(), step, 0, verb, sending, outcome, null, null, false);
    if (saga.version() == 4) { // no saga's id: refused at the door, and nobody else suffers
      return;
    }
    post.deliver(SagaMessages.reply(reply, "test", null, Map.of()));
  }

  @Test
  void failuresAreTheSagasToRepeatUntilTheAttemptsAreUsedUp() {
    open(trip());
    desk.fails = "b";
    UUID saga = start();

    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    assertThat(status(saga).failure().reason()).isEqualTo(SagaFailure.Reason.ATTEMPTS_EXHAUSTED);
    assertThat(status(saga).failure().message()).isEqualTo("The desk is on fire");
    assertThat(
            post.delivered().stream()
                .filter(Post.asks(SagaVerb.EXECUTE))
                .filter(m -> "b/0".equals(m.headers().get(SagaMessages.STEP))))
        .hasSize(3);
    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "-a7");
  }

  @Test
  void compensationThatFailsMarksTheSagaAndIsRepeated() {
    open(trip());
    desk.refuses = "c";
    desk.failsToUndo = "a";
    UUID saga = start();
    post.deliverUntil(() -> status(saga).stuckReason() != null);
    assertThat(status(saga).state()).isEqualTo(SagaState.COMPENSATING);
    assertThat(status(saga).stuckReason()).contains("under water");

    desk.failsToUndo = "";
    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "b", "-a7", "-b7");
  }

  @Test
  void twoUndosAtOnceUndoOnce() throws Exception {
    open(trip());
    desk.refuses = "c";
    post.hold(Post.asks(SagaVerb.UNDO));
    UUID saga = start();
    post.deliverUntil(() -> post.waiting().stream().filter(Post.asks(SagaVerb.UNDO)).count() == 2);
    OutboxMessage undo = post.waiting().stream().filter(Post.asks(SagaVerb.UNDO)).findFirst().get();
    CyclicBarrier both = new CyclicBarrier(2); // both have found no row before either writes one
    desk.undoing =
        () -> {
          try {
            both.await(10, TimeUnit.SECONDS);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        };
    CompletableFuture<Void> one = CompletableFuture.runAsync(() -> post.deliver(undo));
    CompletableFuture<Void> two = CompletableFuture.runAsync(() -> post.deliver(undo));
    CompletableFuture.allOf(one, two).get(60, TimeUnit.SECONDS);
    desk.undoing = () -> {};

    post.hold(m -> false);
    post.deliverUntil(engine, saga, SagaState.COMPENSATED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "b", "-a7", "-b7");
  }

  @Test
  void refusalAfterThePivotIsAFailureAndRepeated() {
    open(trip());
    desk.refuses = "d";
    UUID saga = start();
    post.deliverUntil(() -> status(saga).stuckReason() != null);
    assertThat(status(saga).state()).isEqualTo(SagaState.RUNNING);

    desk.refuses = "";
    post.deliverUntil(engine, saga, SagaState.COMPLETED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "b", "c", "pay", "d");
  }

  @Test
  void commandPastItsTimeIsNotCarriedOutAndIsAskedAgain() {
    open(trip());
    post.hold(Post.asks(SagaVerb.EXECUTE));
    UUID saga = start();
    await().atMost(SOON).until(() -> post.waiting().size() == 2);
    for (OutboxMessage message : post.waiting()) {
      Map<String, String> late = new java.util.HashMap<>(message.headers());
      late.put(SagaMessages.NOT_AFTER, "2020-01-01T00:00:00Z");
      post.deliver(message.withHeaders(late));
    }
    assertThat(effects(saga)).isEmpty();
    post.hold(m -> Post.asks(SagaVerb.EXECUTE).test(m) && m.aggregateId().endsWith("/1"));

    post.deliverUntil(() -> effects(saga).containsAll(List.of("a", "b")));

    assertThat(status(saga).stuckReason()).isNull();
  }

  @Test
  void compensationOfWhatTheParticipantHasLostIsAnAlarm() {
    open(trip());
    desk.refuses = "c";
    post.hold(Post.asks(SagaVerb.UNDO));
    UUID saga = start();
    post.deliverUntil(() -> status(saga).state() == SagaState.COMPENSATING);
    away.jdbc(0).update("DELETE FROM evenkeel.saga_step WHERE step = 'a'");

    post.hold(m -> false);
    post.deliverUntil(() -> status(saga).stuckReason() != null);

    assertThat(status(saga).stuckReason()).contains("known to be done");
    assertThat(effects(saga)).doesNotContain("-a7");
  }

  @Test
  void commandThatTheParticipantDoesNotKnowIsAnAlarmAndBlocksNothing() {
    SagaDefinition strange =
        Trips.saga(1)
            .step(
                "a",
                s ->
                    s.after()
                        .participant("desk")
                        .retry(Trips.RETRIED)
                        .nothingToUndo()
                        .run(context -> new Trips.Approved("nobody takes this")))
            .build();
    open(strange);
    UUID saga = start();

    // Another process of the participant may know it: only its row could say that it has not.
    post.deliverUntil(() -> status(saga).stuckReason() != null);

    assertThat(status(saga).state()).isEqualTo(SagaState.CLOSING);
    assertThat(status(saga).failure().message()).contains("has no handler", "Approved", "Book");
  }

  @Test
  void nextOwnerGoesOnWithWhatWasAskedAndAnswered() {
    SagaDefinition definition = trip();
    Wire wire = home.wire();
    open(definition);
    post.hold(Post.answers());
    UUID saga = start();
    post.deliverUntil(() -> effects(saga).containsAll(List.of("a", "b")));
    wire.kill();
    home.decorate(pool -> pool);
    SagaEngine next = home.start(home.node("n2", definition));
    post =
        new Post()
            .add(home, 1, next.receivers())
            .add(away, 2, participants().receivers(surroundings()));

    post.deliverUntil(next, saga, SagaState.COMPLETED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "b", "c", "pay", "d");
  }

  @Test
  void participantInTheSameProcessIsCalledDirectlyUnlessToldOtherwise() {
    desk = new Desk(home);
    home.participants(participants());
    SagaDefinition local =
        Trips.saga(1)
            .step("a", booking("a", "s0", StepKind.COMPENSATABLE))
            .step("b", booking("b", "s0", StepKind.COMPENSATABLE, "a"))
            .build();
    desk.refuses = "b";
    engine = home.start(home.node("n1", local));
    UUID direct = start();
    SagaWorld.awaitState(engine, direct, SagaState.COMPENSATED);
    engine.stop();
    assertThat(home.jdbc(0).queryForList("SELECT 1 FROM evenkeel.outbox")).isEmpty();

    home.participants(participants(), "desk");
    engine = home.start(home.node("n2", local));
    List<dev.evenkeel.outbox.spi.DirectHandler> handlers = new ArrayList<>(engine.receivers());
    handlers.addAll(participants().receivers(surroundings()));
    post = new Post().add(home, 1, handlers);
    UUID byMessage = start();
    post.deliverUntil(engine, byMessage, SagaState.COMPENSATED);

    assertThat(effects(direct).stream().sorted()).containsExactly("-a7", "a");
    assertThat(home.effects(0, byMessage)).containsExactly("a", "-a7");
    assertThat(post.delivered())
        .filteredOn(Post.answers().negate()::test)
        .allSatisfy(
            m ->
                assertThat(m.headers())
                    .containsEntry(MessageHeaders.CORRELATION_ID, byMessage.toString()));
  }

  @Test
  void onlyProcessesThatHaveItsLocalParticipantsTakeASaga() {
    desk = new Desk(home);
    home.participants(participants());
    SagaDefinition local =
        Trips.saga(1).step("a", booking("a", "s0", StepKind.COMPENSATABLE)).build();
    SagaEngine starter = home.node("never-started", local);
    UUID saga = Trips.start(home, starter, Trips.Trip.of("1"));

    home.participants(SagaParticipants.NONE);
    SagaEngine without = home.start(home.node("without", local));
    engine = without;
    UUID other = start(); // shows that it works, and has looked
    await().atMost(SOON).until(() -> !new Post().add(home, 1, List.of()).waiting().isEmpty());
    assertThat(without.status(saga).orElseThrow().owner()).isNull();
    assertThat(other).isNotEqualTo(saga);

    home.participants(participants());
    SagaEngine with = home.start(home.node("with", local));
    SagaWorld.awaitState(with, saga, SagaState.COMPLETED);
  }

  @Test
  void deletedSagaIsForgottenByItsParticipants() {
    open(trip());
    UUID saga = start();
    post.deliverUntil(engine, saga, SagaState.COMPLETED);
    assertThat(away.jdbc(0).queryForList("SELECT 1 FROM evenkeel.saga_step")).hasSize(2);

    home.pass(Duration.ofDays(8));
    new SagaJanitor(engine).sweep();
    post.deliver();

    assertThat(away.jdbc(0).queryForList("SELECT 1 FROM evenkeel.saga_step")).isEmpty();
    assertThat(away.jdbc(1).queryForList("SELECT 1 FROM evenkeel.saga_step")).isEmpty();
    assertThat(home.jdbc(0).queryForList("SELECT 1 FROM evenkeel.saga_call")).isEmpty();
  }

  @Test
  void sagaThatOnlyWaitsForAnswersIsInNobodysMemory() {
    open(trip());
    post.hold(Post.answers());
    UUID saga = start();
    post.deliverUntil(() -> effects(saga).containsAll(List.of("a", "b")));
    await().atMost(SOON).until(() -> status(saga).owner() == null);

    post.hold(m -> false);
    post.deliverUntil(engine, saga, SagaState.COMPLETED);

    assertThat(effects(saga)).containsExactlyInAnyOrder("a", "b", "c", "pay", "d");
  }
}
