package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.evenkeel.saga.OnTimeout;
import dev.evenkeel.saga.StepKind;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Each mistake that a builder can be told, alone and in one sentence. */
class BuilderMistakesTest {

  record Item(String sku) {}

  record Command(String id, long customer, List<Item> items, Set<Item> heap, boolean big) {}

  record Event(String id) {}

  static final class Outer {
    record Event(long number) {}
  }

  private static final String ITEMS_TYPE = Command.class.getName();

  private static SagaBuilder<Command> saga() {
    return SagaBuilder.saga("s", 1, Command.class).key("id").shardKey("customer");
  }

  /** What a step needs, before the test says more. */
  private static Consumer<StepBuilder<Command>> step(Consumer<StepBuilder<Command>> more) {
    return s -> more.accept(s.after().run(c -> null).nothingToUndo());
  }

  private static Consumer<StepBuilder<Command>> plain(String... after) {
    return step(s -> s.after(after));
  }

  private static StepBuilder<Command> pivot(StepBuilder<Command> s, String... after) {
    return s.after(after).kind(StepKind.PIVOT).run(c -> null);
  }

  private static List<String> mistakes(SagaBuilder<?> saga) {
    SagaDefinitionException e =
        catchThrowableOfType(SagaDefinitionException.class, () -> saga.build());
    assertThat(e).isNotNull();
    assertThat(e).hasMessage("The sagas are not usable: " + String.join("; ", e.mistakes()));
    return e.mistakes();
  }

  private static void assertMistake(SagaBuilder<?> saga, String sentence) {
    assertThat(mistakes(saga)).containsExactly("saga \"s\" version 1" + sentence);
  }

  /** Of a saga with one compensatable step "a". */
  private static void assertStep(Consumer<StepBuilder<Command>> more, String sentence) {
    assertMistake(saga().step("a", step(more)), ", step \"a\": " + sentence);
  }

  @Test
  void blankName() {
    assertThat(
            mistakes(
                SagaBuilder.saga(" ", 1, Command.class)
                    .key("id")
                    .shardKey("customer")
                    .step("a", plain())))
        .containsExactly("saga \" \" version 1: its name must not be blank");
  }

  @Test
  void versionBelowOne() {
    assertThat(
            mistakes(
                SagaBuilder.saga("s", 0, Command.class)
                    .key("id")
                    .shardKey("customer")
                    .step("a", plain())))
        .containsExactly("saga \"s\" version 0: its version must be at least 1, was 0");
  }

  @Test
  void missingKeys() {
    assertThat(mistakes(SagaBuilder.saga("s", 1, Command.class).step("a", plain())))
        .containsExactly(
            "saga \"s\" version 1: it must say its key",
            "saga \"s\" version 1: it must say its shardKey");
  }

  @Test
  void badKeyPath() {
    assertMistake(
        saga().key("nothing").step("a", plain()),
        ": key \"nothing\" of %s: %s has no property \"nothing\""
            .formatted(ITEMS_TYPE, ITEMS_TYPE));
  }

  @Test
  void badShardKeyPath() {
    assertMistake(
        saga().shardKey("id.nothing").step("a", plain()),
        ": shardKey \"id.nothing\" of %s: java.lang.String has no property \"nothing\""
            .formatted(ITEMS_TYPE));
  }

  @Test
  void blankShardStrategies() {
    assertMistake(saga().shardStrategy("").step("a", plain()), ": shardStrategy must not be blank");
    assertStep(s -> s.shardStrategy(" "), "shardStrategy must not be blank");
  }

  @Test
  void badDeadline() {
    assertMistake(
        saga().deadline(Duration.ZERO).step("a", plain()),
        ": deadline must be above zero and at most PT87600H, was PT0S");
  }

  @Test
  void noStep() {
    assertMistake(saga(), ": it must have a step");
  }

  @Test
  void blankStepName() {
    assertMistake(
        saga().step("a", plain()).step("", plain()),
        ": step \"\" must have a name that is not blank");
  }

  @Test
  void duplicateStepName() {
    assertMistake(
        saga().step("a", plain()).step("a", plain()).step("a", plain()),
        ", step \"a\": its name must be its own, but several steps have it");
  }

  @Test
  void afterNotSaid() {
    assertMistake(
        saga().step("a", s -> s.run(c -> null).nothingToUndo()),
        ", step \"a\": it must say what it comes after; after() without names starts it at once");
  }

  @Test
  void unknownAfter() {
    assertStep(s -> s.after("b"), "after must name steps of the saga, [a], was \"b\"");
  }

  @Test
  void sameAfterTwice() {
    assertMistake(
        saga().step("a", plain()).step("b", plain("a", "a")),
        ", step \"b\": after must name a step once, was \"a\" again");
  }

  @Test
  void cycle() {
    assertMistake(
        saga().step("a", plain("c")).step("b", plain("a")).step("c", plain("b")),
        ", step \"a\": it can't come after itself, was a -> b -> c -> a");
  }

  @Test
  void stepAfterItself() {
    assertStep(s -> s.after("a"), "it can't come after itself, was a -> a");
  }

  @Test
  void nothingToDo() {
    assertMistake(
        saga().step("a", s -> s.after().nothingToUndo()),
        ", step \"a\": it must say what it does; give it run(...)");
  }

  @Test
  void missingCompensation() {
    assertMistake(
        saga().step("a", s -> s.after().run(c -> null)),
        ", step \"a\": it must have a compensation or say that there is nothing to undo, as every"
            + " compensatable step");
  }

  @Test
  void compensationAndNothingToUndo() {
    assertStep(
        s -> s.compensation(c -> {}),
        "it has a compensation and says that there is nothing to undo; drop one");
  }

  @Test
  void pivotWithCompensation() {
    assertMistake(
        saga().step("p", s -> pivot(s).compensation(c -> {})),
        ", step \"p\": a PIVOT step must have no compensation: it is never undone");
  }

  @Test
  void retriableWithCompensation() {
    assertMistake(
        saga()
            .step("p", s -> pivot(s))
            .step(
                "r",
                s -> s.after("p").kind(StepKind.RETRIABLE).run(c -> null).compensation(c -> {})),
        ", step \"r\": a RETRIABLE step must have no compensation: it is never undone");
  }

  @Test
  void severalPivots() {
    assertMistake(
        saga().step("p", s -> pivot(s)).step("q", s -> pivot(s, "p")),
        ": it must have one pivot at most, was [\"p\", \"q\"]");
  }

  @Test
  void compensatableBesidePivot() {
    assertMistake(
        saga().step("a", plain()).step("p", s -> pivot(s)),
        ", step \"a\": a compensatable step must come before the pivot \"p\", directly or through"
            + " other steps");
  }

  @Test
  void compensatableBehindPivot() {
    assertMistake(
        saga().step("p", s -> pivot(s)).step("a", plain("p")),
        ", step \"a\": a compensatable step must come before the pivot \"p\", directly or through"
            + " other steps");
  }

  @Test
  void retriableBesidePivot() {
    assertMistake(
        saga()
            .step("p", s -> pivot(s))
            .step("r", s -> s.after().kind(StepKind.RETRIABLE).run(c -> null)),
        ", step \"r\": a retriable step must come after the pivot \"p\"");
  }

  @Test
  void retriableWithoutPivot() {
    assertMistake(
        saga().step("r", s -> s.after().kind(StepKind.RETRIABLE).run(c -> null)),
        ", step \"r\": a retriable step must come after a pivot, but the saga has none");
  }

  @Test
  void refusalOnRetriable() {
    assertMistake(
        saga()
            .step("p", s -> pivot(s))
            .step(
                "r",
                s ->
                    s.after("p")
                        .kind(StepKind.RETRIABLE)
                        .run(c -> null)
                        .retry(
                            new RetryPolicy(
                                1,
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(1),
                                List.of(ArithmeticException.class)))),
        ", step \"r\": a retriable step must not refuse, was [java.lang.ArithmeticException]:"
            + " nothing is undone after the pivot");
  }

  @Test
  void forEachOnPivot() {
    assertMistake(
        saga().step("p", s -> pivot(s).forEach("items")),
        ", step \"p\": a pivot must have no forEach, was \"items\": it happens once");
  }

  @Test
  void whenOnPivot() {
    assertMistake(
        saga().step("p", s -> pivot(s).when("big")),
        ", step \"p\": a pivot must have no when, was \"big\": it happens always");
  }

  @Test
  void awaitThatTurnsBackBesidePivot() {
    assertMistake(
        saga()
            .await("w", Event.class, a -> a.after().timeout(Duration.ofSeconds(1)))
            .step("p", s -> pivot(s)),
        ", step \"w\": it can't turn the saga back on its timeout, for the pivot \"p\" does not come"
            + " after it; use CONTINUE or await before the pivot");
  }

  @Test
  void awaitThatGoesOnMayStandAnywhere() {
    SagaDefinition definition =
        saga()
            .await(
                "w",
                Event.class,
                a -> a.after().timeout(Duration.ofSeconds(1)).onTimeout(OnTimeout.CONTINUE))
            .step("p", s -> pivot(s))
            .await("v", Event.class, a -> a.after("p", "w"))
            .build();
    assertThat(definition.steps()).hasSize(3);
  }

  @Test
  void badTimeouts() {
    assertStep(
        s -> s.timeout(Duration.ofSeconds(-1)),
        "timeout must be above zero and at most PT87600H, was PT-1S");
    assertMistake(
        saga().await("w", Event.class, a -> a.after().timeout(Duration.ofDays(4000))),
        ", step \"w\": timeout must be above zero and at most PT87600H, was PT96000H");
  }

  @Test
  void attemptsOutOfRange() {
    for (int attempts : new int[] {0, 1001}) {
      assertStep(
          s ->
              s.retry(
                  new RetryPolicy(
                      attempts, Duration.ofSeconds(1), Duration.ofSeconds(1), List.of())),
          "maxAttempts must be between 1 and 1000, was " + attempts);
    }
  }

  @Test
  void badBackoffs() {
    assertStep(
        s -> s.retry(new RetryPolicy(1, Duration.ZERO, Duration.ofSeconds(1), List.of())),
        "backoff must be above zero and at most PT87600H, was PT0S");
    assertStep(
        s -> s.retry(new RetryPolicy(1, Duration.ofSeconds(2), Duration.ofSeconds(1), List.of())),
        "backoff must be at most maxBackoff, PT1S, was PT2S");
    assertStep(
        s -> s.retry(new RetryPolicy(1, Duration.ofSeconds(2), Duration.ofDays(4000), List.of())),
        "maxBackoff must be above zero and at most PT87600H, was PT96000H");
  }

  @Test
  void forEachThatIsNoCollection() {
    assertStep(s -> s.forEach("id"), "forEach \"id\" must be a collection, was java.lang.String");
  }

  @Test
  void forEachWithoutOrder() {
    assertStep(
        s -> s.forEach("heap"),
        "forEach \"heap\" must keep its order, for an item is known by its position, was"
            + " java.util.Set; use a List");
  }

  @Test
  void badForEachPath() {
    assertStep(
        s -> s.forEach("nothing"),
        "forEach \"nothing\" must begin with a property of %s or the name of an ancestor"
            .formatted(ITEMS_TYPE));
  }

  @Test
  void whenThatIsNoBoolean() {
    assertStep(s -> s.when("id"), "when \"id\" must be a boolean, was java.lang.String");
  }

  @Test
  void badWhenPath() {
    assertStep(
        s -> s.when("nothing"),
        "when \"nothing\" of %s: %s has no property \"nothing\"".formatted(ITEMS_TYPE, ITEMS_TYPE));
  }

  @Test
  void badShardKeyPathOfStep() {
    assertStep(
        s -> s.forEach("items").shardKey("nothing"),
        "shardKey \"nothing\" must begin with a property of %s or %s or the name of an ancestor"
            .formatted(Item.class.getName(), ITEMS_TYPE));
  }

  @Test
  void shardKeyOfAStepThatIsNoAncestor() {
    assertMistake(
        saga()
            .step("a", step(s -> s.returns(Item.class)))
            .step("b", step(s -> s.shardKey("a.sku"))),
        ", step \"b\": shardKey \"a.sku\" must begin with a property of %s or the name of an"
                .formatted(ITEMS_TYPE)
            + " ancestor; the step \"a\" is none");
  }

  @Test
  void forEachOfAStepThatIsNoAncestor() {
    assertMistake(
        saga()
            .step("a", step(s -> s.returns(Command.class)))
            .step("b", step(s -> s.forEach("a.items"))),
        ", step \"b\": forEach \"a.items\" must begin with a property of %s or the name of an"
                .formatted(ITEMS_TYPE)
            + " ancestor; the step \"a\" is none");
  }

  @Test
  void shardKeyOfAStepWithoutASingleResult() {
    SagaBuilder<Command> saga =
        saga()
            .step("void", plain())
            .step("each", step(s -> s.forEach("items").returns(Item.class)))
            .step("one", step(s -> s.returns(Item.class)))
            .step("b", step(s -> s.after("void", "each", "one").shardKey("void.x")))
            .step("c", step(s -> s.after("void", "each", "one").shardKey("each.sku")))
            .step("d", step(s -> s.after("void", "each", "one").shardKey("one")))
            .step("e", step(s -> s.after("void", "each", "one").shardKey("one.nothing")));
    String prefix = "saga \"s\" version 1, step ";
    assertThat(mistakes(saga))
        .containsExactly(
            prefix
                + "\"b\": shardKey \"void.x\" must name a property of a single result, but \"void\""
                + " returns nothing",
            prefix
                + "\"c\": shardKey \"each.sku\" must name a property of a single result, but"
                + " \"each\" is a forEach step",
            prefix
                + "\"d\": shardKey \"one\" must name a property of a single result, but \"one\" is"
                + " a step",
            prefix
                + "\"e\": shardKey \"nothing\" of %s: %s has no property \"nothing\""
                    .formatted(Item.class.getName(), Item.class.getName()));
  }

  @Test
  void twoAwaitsForOneEventAtOneTime() {
    assertMistake(
        saga().await("v", Event.class, a -> a.after()).await("w", Event.class, a -> a.after()),
        ", step \"w\": it awaits \"Event\" at one time with step \"v\", so nobody knows whose a"
            + " signal is; let one come after the other or use two events");
  }

  @Test
  void twoClassesForOneEvent() {
    assertMistake(
        saga()
            .await("v", Event.class, a -> a.after())
            .await("w", Outer.Event.class, a -> a.after("v")),
        ", step \"w\": its event \"Event\" must be of one class, was %s here and %s in step \"v\""
            .formatted(Outer.Event.class.getName(), Event.class.getName()));
  }

  @Test
  void allMistakesComeInOneMessage() {
    SagaBuilder<Command> saga =
        SagaBuilder.saga("s", 0, Command.class)
            .key("nothing")
            .shardStrategy("")
            .deadline(Duration.ofSeconds(-1))
            .step("", plain())
            .step("x", plain("y"))
            .step("y", plain("x"))
            .step("y", plain())
            .step("a", s -> s.when("id").forEach("id").shardKey("nothing"))
            .step("q", s -> pivot(s).forEach("items").when("big").compensation(c -> {}))
            .step(
                "r",
                s ->
                    s.after("unknown")
                        .kind(StepKind.RETRIABLE)
                        .run(c -> null)
                        .timeout(Duration.ZERO)
                        .retry(
                            new RetryPolicy(
                                0, Duration.ZERO, Duration.ZERO, List.of(Exception.class))))
            .await("v", Event.class, a -> a.after("q").timeout(Duration.ofSeconds(1)))
            .await("w", Event.class, a -> a.after("q").timeout(Duration.ZERO));
    List<String> mistakes = mistakes(saga);
    assertThat(mistakes).allSatisfy(m -> assertThat(m).startsWith("saga \"s\" version 0"));
    assertThat(mistakes.stream().map(m -> m.substring("saga \"s\" version 0".length())))
        .satisfiesExactlyInAnyOrder(
            m -> assertThat(m).contains("its version"),
            m -> assertThat(m).contains("key \"nothing\""),
            m -> assertThat(m).contains("must say its shardKey"),
            m -> assertThat(m).contains("shardStrategy"),
            m -> assertThat(m).contains("deadline"),
            m -> assertThat(m).contains("step \"\" must have a name"),
            m -> assertThat(m).contains("\"y\": its name must be its own"),
            m -> assertThat(m).contains("\"x\": it can't come after itself"),
            m -> assertThat(m).contains("\"a\": it must say what it comes after"),
            m -> assertThat(m).contains("\"a\": when"),
            m -> assertThat(m).contains("\"a\": forEach"),
            m -> assertThat(m).contains("\"a\": shardKey"),
            m -> assertThat(m).contains("\"a\": it must say what it does"),
            m -> assertThat(m).contains("\"a\": it must have a compensation"),
            m -> assertThat(m).contains("\"a\": a compensatable step must come before"),
            m -> assertThat(m).contains("\"x\": a compensatable step must come before"),
            m -> assertThat(m).contains("\"y\": a compensatable step must come before"),
            m -> assertThat(m).contains("\"q\": a PIVOT step must have no compensation"),
            m -> assertThat(m).contains("\"q\": a pivot must have no forEach"),
            m -> assertThat(m).contains("\"q\": a pivot must have no when"),
            m -> assertThat(m).contains("\"r\": after must name"),
            m -> assertThat(m).contains("\"r\": a retriable step must come after the pivot"),
            m -> assertThat(m).contains("\"r\": a retriable step must not refuse"),
            m -> assertThat(m).contains("\"r\": timeout"),
            m -> assertThat(m).contains("\"r\": maxAttempts"),
            m -> assertThat(m).contains("\"r\": backoff"),
            m -> assertThat(m).contains("\"r\": maxBackoff"),
            m -> assertThat(m).contains("\"v\": it can't turn the saga back"),
            m -> assertThat(m).contains("\"w\": it can't turn the saga back"),
            m -> assertThat(m).contains("\"w\": timeout"),
            m -> assertThat(m).contains("\"w\": it awaits \"Event\" at one time"));
  }
}
