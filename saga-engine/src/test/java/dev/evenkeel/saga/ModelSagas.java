package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepBuilder;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Small definitions whose steps do nothing: what becomes of them is for the tests to say. */
final class ModelSagas {

  /** A command; {@code nowhere} has no value, so that no shard key can be read from it. */
  record Command(List<String> items, boolean yes, boolean no, String far, String nowhere) {

    static Command of(int items) {
      return new Command(java.util.Collections.nCopies(items, "item"), true, false, "far", null);
    }
  }

  /** What is awaited. */
  record Approved() {}

  /** What is awaited elsewhere. */
  record Paid() {}

  /** How a step says no. */
  static final class No extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  static final Duration TIMEOUT = Duration.ofMinutes(10);
  static final Duration DEADLINE = Duration.ofHours(1);

  /** Two attempts. */
  static final RetryPolicy MAY_REFUSE =
      new RetryPolicy(2, Duration.ofSeconds(1), Duration.ofMinutes(1), List.of(No.class));

  static final RetryPolicy NEVER_REFUSES =
      new RetryPolicy(2, Duration.ofSeconds(1), Duration.ofMinutes(1), List.of());

  /** Events carry nothing. */
  static final PayloadCodec CODEC =
      new PayloadCodec() {
        @Override
        public byte[] encode(Object event) {
          return new byte[0];
        }

        @Override
        public <T> T decode(byte[] payload, Class<T> type) {
          return type.cast(type == Approved.class ? new Approved() : new Paid());
        }
      };

  private ModelSagas() {}

  static SagaBuilder<Command> saga(String name) {
    return SagaBuilder.saga(name, 1, Command.class).key(c -> "key").shardKey(c -> "home");
  }

  /** A step that can be undone and may refuse. */
  static Consumer<StepBuilder<Command>> undoable(String... after) {
    return s -> s.after(after).retry(MAY_REFUSE).run(c -> null).compensation(c -> {});
  }

  /** A step that leaves nothing to undo and may refuse. */
  static Consumer<StepBuilder<Command>> harmless(String... after) {
    return s -> s.after(after).retry(MAY_REFUSE).run(c -> null).nothingToUndo();
  }

  static Consumer<StepBuilder<Command>> pivot(String... after) {
    return s -> s.after(after).kind(StepKind.PIVOT).retry(MAY_REFUSE).run(c -> null);
  }

  static Consumer<StepBuilder<Command>> retriable(String... after) {
    return s -> s.after(after).kind(StepKind.RETRIABLE).retry(NEVER_REFUSES).run(c -> null);
  }

  static final Consumer<StepBuilder<Command>> FAR = s -> s.shardKey("far");

  static SagaDefinition sequence() {
    return saga("sequence")
        .step("a", undoable().andThen(FAR))
        .step("p", pivot("a").andThen(FAR))
        .step("r", retriable("p"))
        .build();
  }

  static SagaDefinition deadline() {
    return saga("deadline")
        .deadline(DEADLINE)
        .step("a", undoable().andThen(FAR))
        .step("p", pivot("a"))
        .build();
  }

  static SagaDefinition fork() {
    return saga("fork")
        .step("a", undoable().andThen(FAR))
        .step("b", undoable().andThen(s -> s.retry(NEVER_REFUSES)))
        .step("p", pivot("a", "b").andThen(FAR).andThen(s -> s.retry(NEVER_REFUSES)))
        .build();
  }

  static SagaDefinition items() {
    return saga("items")
        .step("f", undoable().andThen(s -> s.forEach("items").shardKey("far")))
        .step("p", pivot("f"))
        .build();
  }

  static SagaDefinition noItems() {
    return saga("noItems")
        .step("a", undoable().andThen(FAR))
        .step("f", undoable("a").andThen(s -> s.forEach("items")))
        .step("n", undoable("f").andThen(s -> s.when("no")))
        .step("p", pivot("n").andThen(FAR))
        .build();
  }

  static SagaDefinition await() {
    return saga("await")
        .step("a", undoable().andThen(FAR))
        .await("w", Approved.class, w -> w.after("a").timeout(TIMEOUT))
        .step("p", pivot("w").andThen(FAR))
        .build();
  }

  static SagaDefinition awaitBeside() {
    return saga("awaitBeside")
        .step("a", undoable().andThen(FAR))
        .await("w", Approved.class, w -> w.after().timeout(TIMEOUT))
        .step("p", pivot("a", "w"))
        .build();
  }

  static SagaDefinition awaitAfterPivot() {
    return saga("awaitAfterPivot")
        .step("p", pivot().andThen(FAR))
        .await(
            "w", Approved.class, w -> w.after("p").timeout(TIMEOUT).onTimeout(OnTimeout.CONTINUE))
        .step("r", retriable("w"))
        .build();
  }

  static SagaDefinition noPivot() {
    return saga("noPivot")
        .step("a", undoable().andThen(FAR))
        .step("b", undoable("a").andThen(FAR))
        .build();
  }

  static SagaDefinition nothingToUndo() {
    return saga("nothingToUndo")
        .step("a", undoable())
        .step("h", harmless("a").andThen(FAR))
        .step("p", pivot("h").andThen(FAR))
        .build();
  }

  static SagaDefinition nowhere() {
    return saga("nowhere")
        .step("a", undoable().andThen(FAR))
        .step("b", undoable("a").andThen(s -> s.shardKey("nowhere")))
        .step("p", pivot("b"))
        .build();
  }

  /** The shape of an order. */
  static SagaDefinition order() {
    return saga("order")
        .step("register", undoable())
        .step("credit", undoable("register").andThen(FAR))
        .step("stock", undoable("register").andThen(s -> s.forEach("items").shardKey("far")))
        .await("approval", Approved.class, w -> w.after("credit", "stock").timeout(TIMEOUT))
        .step("confirm", pivot("approval").andThen(FAR))
        .step("ship", retriable("confirm").andThen(s -> s.forEach("items").shardKey("far")))
        .build();
  }
}
