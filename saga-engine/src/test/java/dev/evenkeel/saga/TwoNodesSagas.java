package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepBuilder;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Sagas of three steps: a participant elsewhere, a {@code forEach} and a pivot, in several orders.
 */
final class TwoNodesSagas {

  /** A line of an order; its key is the name of the shard where its stock is. */
  record Line(String place) {}

  /** The command. */
  record Order(List<Line> lines, String place) {}

  /** What the participant is asked. */
  record Reserve(String place) {}

  /** What steps do. */
  record Stage(Runnable act, Runnable undo) {}

  /** A participant of another service. */
  @SagaParticipant("desk")
  static final class Desk {

    private final Runnable act;
    private final Runnable undo;

    Desk(Runnable act, Runnable undo) {
      this.act = act;
      this.undo = undo;
    }

    @CommandHandler(shardKey = "place", compensation = "release", refusals = ModelSagas.No.class)
    void reserve(Reserve command) {
      act.run();
    }

    void release(Reserve command) {
      undo.run();
    }
  }

  /** Nothing but the one command has a value. */
  static final PayloadCodec CODEC =
      new PayloadCodec() {
        @Override
        public byte[] encode(Object value) {
          return new byte[0];
        }

        @Override
        public <T> T decode(byte[] payload, Class<T> type) {
          return type.cast(new Reserve("s3"));
        }
      };

  /**
   * A saga, and where its steps have to take effect: said here a second time, by hand.
   *
   * @param places shard of each step, and item by item where there are several
   */
  record Case(
      String name, Function<Stage, SagaDefinition> saga, int lines, Map<String, Integer> places) {

    SagaDefinition definition(Stage stage) {
      return saga.apply(stage);
    }

    Order command() {
      Line[] all = {new Line("s1"), new Line("s2")};
      return new Order(Arrays.asList(all).subList(0, lines), "s1");
    }

    int place(StepKey key) {
      return places.get(key.toString());
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private TwoNodesSagas() {}

  private static SagaBuilder<Order> saga(String name) {
    return SagaBuilder.saga(name, 1, Order.class)
        .key(c -> "key")
        .shardKey(c -> "s0")
        .deadline(Duration.ofHours(1));
  }

  private static Consumer<StepBuilder<Order>> local(Stage stage, String... after) {
    return s ->
        s.after(after)
            .shardKey("place")
            .run(
                c -> {
                  stage.act().run();
                  return null;
                });
  }

  private static Consumer<StepBuilder<Order>> undoable(Stage stage, String... after) {
    return local(stage, after)
        .andThen(s -> s.retry(ModelSagas.MAY_REFUSE).compensation(c -> stage.undo().run()));
  }

  private static Consumer<StepBuilder<Order>> pivot(Stage stage, String... after) {
    return local(stage, after).andThen(s -> s.kind(StepKind.PIVOT).retry(ModelSagas.MAY_REFUSE));
  }

  private static Consumer<StepBuilder<Order>> retriable(Stage stage, String... after) {
    return local(stage, after)
        .andThen(s -> s.kind(StepKind.RETRIABLE).retry(ModelSagas.NEVER_REFUSES));
  }

  /** Its refusals are its participant's. */
  private static Consumer<StepBuilder<Order>> remote(String... after) {
    return s ->
        s.after(after)
            .retry(ModelSagas.NEVER_REFUSES)
            .participant("desk")
            .run(c -> new Reserve("s3"));
  }

  private static final Consumer<StepBuilder<Order>> UNDONE_THERE =
      StepBuilder::delegatedCompensation;

  /**
   * One after the other, the participant first.
   *
   * @param lines one or two
   */
  static Case inARow(int lines) {
    return new Case(
        "inARow",
        stage ->
            saga("inARow")
                .step("reserve", remote().andThen(UNDONE_THERE))
                .step("stock", undoable(stage, "reserve").andThen(s -> s.forEach("lines")))
                .step("confirm", pivot(stage, "stock"))
                .build(),
        lines,
        Map.of("reserve/0", 3, "stock/0", 1, "stock/1", 2, "confirm/0", 1));
  }

  /** Two branches that the pivot joins. */
  static Case sideBySide(int lines) {
    return new Case(
        "sideBySide",
        stage ->
            saga("sideBySide")
                .step("reserve", remote().andThen(UNDONE_THERE))
                .step("stock", undoable(stage).andThen(s -> s.forEach("lines")))
                .step("confirm", pivot(stage, "reserve", "stock"))
                .build(),
        lines,
        Map.of("reserve/0", 3, "stock/0", 1, "stock/1", 2, "confirm/0", 1));
  }

  /** The pivot is the participant's. */
  static Case pivotElsewhere(int lines) {
    return new Case(
        "pivotElsewhere",
        stage ->
            saga("pivotElsewhere")
                .step("stock", undoable(stage).andThen(s -> s.forEach("lines")))
                .step("pay", remote("stock").andThen(s -> s.kind(StepKind.PIVOT)))
                .step("ship", retriable(stage, "pay"))
                .build(),
        lines,
        Map.of("stock/0", 1, "stock/1", 2, "pay/0", 3, "ship/0", 1));
  }

  /** After the pivot a participant has to. */
  static Case remoteAfterPivot(int lines) {
    return new Case(
        "remoteAfterPivot",
        stage ->
            saga("remoteAfterPivot")
                .step("stock", undoable(stage).andThen(s -> s.forEach("lines")))
                .step("confirm", pivot(stage, "stock"))
                .step("notify", remote("confirm").andThen(s -> s.kind(StepKind.RETRIABLE)))
                .build(),
        lines,
        Map.of("stock/0", 1, "stock/1", 2, "confirm/0", 1, "notify/0", 3));
  }
}
