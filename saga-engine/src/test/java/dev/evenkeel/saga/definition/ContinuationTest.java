package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.ResultOf;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a definition makes of itself for the instances of earlier versions. */
class ContinuationTest {

  record Order(String id, List<String> lines) {}

  record Amount(String shard, List<String> parts) {}

  record Checked(String by) {}

  record Consent(String by) {}

  /** Knows results by the names of version 1. */
  private record Context(@Nullable SagaFailure failure) implements StepContext<Object> {

    @Override
    public UUID sagaId() {
      return new UUID(0, 1);
    }

    @Override
    public Object command() {
      return new Order("1", List.of("a"));
    }

    @Override
    public IdempotencyKey idempotencyKey() {
      throw new IllegalStateException("nobody asks for it");
    }

    @Override
    public <I> I item(Class<I> type) {
      return type.cast("item");
    }

    @Override
    public <R> @Nullable R result(String step, Class<R> type) {
      if (!step.equals("old")) {
        throw new IllegalArgumentException("asked for " + step);
      }
      return type.cast(new Amount("s1", List.of("x", "y")));
    }

    @Override
    public <R> List<R> results(String step, Class<R> type) {
      if (!step.equals("oldEach")) {
        throw new IllegalArgumentException("asked for " + step);
      }
      return List.of(type.cast(new Checked("each")));
    }
  }

  @Saga(name = "order", version = 2, key = "id", shardKey = "id", continues = 1)
  static class Second implements SagaFor<Order> {

    @SagaStep(
        after = {},
        compensation = "undo",
        formerly = "old")
    Amount reserve(Order order) {
      return new Amount("s1", List.of());
    }

    void undo(Order order, Amount own, SagaFailure failure) {
      throw new IllegalStateException(own.shard() + " " + failure.step());
    }

    @SagaStep(
        after = "reserve",
        forEach = "reserve.parts",
        compensation = SagaStep.NONE,
        formerly = "oldEach")
    Checked each(String item, Amount amount) {
      return new Checked(item + amount.shard());
    }

    @SagaStep(after = "each", compensation = SagaStep.NONE, since = 2)
    Checked check(Order order) {
      return new Checked("new");
    }

    @AwaitEvent(after = "check", formerly = "yes")
    void consent(Order order, Consent consent) {}

    @SagaStep(
        after = {"consent", "check"},
        shardKey = "reserve.shard",
        compensation = SagaStep.NONE)
    Checked pay(
        @ResultOf("reserve") Amount amount,
        @ResultOf("check") @Nullable Checked check,
        @ResultOf("each") List<Checked> each) {
      return new Checked(amount.shard() + check + each);
    }
  }

  private static SagaDefinition second() {
    return AnnotatedSaga.of(new Second(), Second.class);
  }

  private static ActionStep action(SagaDefinition definition, String step) {
    return (ActionStep) definition.step(step);
  }

  @Test
  void stepsHaveTheirFormerNamesAndNewOnesAreNotThere() {
    SagaDefinition second = second();
    SagaDefinition first = second.earlier().get(0);

    assertThat(second.steps())
        .extracting(StepDefinition::name)
        .containsExactly("reserve", "each", "check", "consent", "pay");
    assertThat(first.toString()).isEqualTo("order v1");
    assertThat(first.codeVersion()).isEqualTo(2);
    assertThat(first.earlier()).isEmpty();
    assertThat(first.steps())
        .extracting(StepDefinition::name)
        .containsExactly("old", "oldEach", "yes", "pay");
    assertThat(first.step("yes").after()).containsExactly("oldEach");
    assertThat(first.step("pay").after()).containsExactly("yes", "oldEach");
    assertThat(first.step("pay").ancestors()).containsExactlyInAnyOrder("old", "oldEach", "yes");
  }

  @Test
  void parametersAndPathsAreReadUnderTheFormerNames() throws Exception {
    SagaDefinition first = second().earlier().get(0);
    Context context = new Context(null);

    assertThat(action(first, "pay").action().call(context))
        .isEqualTo(new Checked("s1null[Checked[by=each]]"));
    assertThat(action(first, "pay").shardKey().read(context)).isEqualTo("s1");
    assertThat(action(first, "oldEach").forEach().read(context))
        .extracting(Object::toString)
        .containsExactly("x", "y");
    assertThat(action(first, "oldEach").action().call(context)).isEqualTo(new Checked("items1"));
  }

  @Test
  void compensationIsToldOfTheStepByItsPresentName() {
    SagaFailure failure = new SagaFailure(SagaFailure.Reason.REFUSED, "oldEach", "X", "no");

    assertThatThrownBy(
            () ->
                action(second().earlier().get(0), "old").compensation().call(new Context(failure)))
        .hasMessage("s1 each");
  }

  private static SagaBuilder<Order> builder(int version) {
    return SagaBuilder.saga("order", version, Order.class).key("id").shardKey("id");
  }

  @Test
  void lambdasAskByThePresentNames() throws Exception {
    SagaDefinition second =
        builder(2)
            .continues(1)
            .step(
                "reserve",
                s ->
                    s.after()
                        .formerly("old")
                        .returns(Amount.class)
                        .run(c -> new Amount("s1", List.of()))
                        .nothingToUndo())
            .step(
                "pay",
                s ->
                    s.after("reserve")
                        .returns(Amount.class)
                        .run(c -> c.result("reserve", Amount.class))
                        .nothingToUndo())
            .build();

    assertThat(action(second.earlier().get(0), "pay").action().call(new Context(null)))
        .isEqualTo(new Amount("s1", List.of("x", "y")));
  }

  @Test
  void mistakesAreNamed() {
    SagaBuilder<Order> mistaken =
        builder(3)
            .continues(3, 1, 1)
            .step("a", s -> s.after().since(3).returns(Amount.class).run(c -> null).nothingToUndo())
            .step(
                "b",
                s ->
                    s.after("a")
                        .formerly("c")
                        .shardKey("a.shard")
                        .forEach("a.parts")
                        .run(c -> null)
                        .nothingToUndo())
            .step("c", s -> s.after().since(4).run(c -> null).nothingToUndo())
            .step("d", s -> s.after().formerly("c").run(c -> null).nothingToUndo());

    assertThatThrownBy(mistaken::build)
        .isInstanceOf(SagaDefinitionException.class)
        .hasMessageContaining("continues must name versions from 1 and below its own, 3, was 3")
        .hasMessageContaining("continues must name a version once, was 1 again")
        .hasMessageContaining("step \"c\": since must be between 1 and 3, was 4")
        .hasMessageContaining(
            "step \"d\": its name in version 1 must be its own, was \"c\" as that of step \"b\"")
        .hasMessageContaining(
            "step \"b\": shardKey \"a.shard\" must not need step \"a\", which instances of version 1 do not have")
        .hasMessageContaining("forEach \"a.parts\" must not need step \"a\"");
  }

  @Test
  void formerNameWithoutAVersionToContinueIsAMistake() {
    assertThatThrownBy(
            () ->
                builder(2)
                    .step("b", s -> s.after().formerly("a").run(c -> null).nothingToUndo())
                    .build())
        .hasMessageContaining(
            "it says that it was formerly \"a\", but the saga continues no version");
  }

  @Test
  void versionIsRunByOneDefinition() {
    SagaDefinition first =
        builder(1).step("a", s -> s.after().run(c -> null).nothingToUndo()).build();
    SagaDefinition second =
        builder(2).continues(1).step("a", s -> s.after().run(c -> null).nothingToUndo()).build();
    SagaDefinition third =
        builder(3).continues(1).step("a", s -> s.after().run(c -> null).nothingToUndo()).build();

    assertThatThrownBy(() -> SagaDefinitions.of(List.of(first, second)))
        .hasMessageContaining(
            "saga \"order\" version 1 is continued by version 2, and has a definition of its own");
    assertThatThrownBy(() -> SagaDefinitions.of(List.of(second, third)))
        .hasMessageContaining(
            "saga \"order\" version 1 is continued by version 3, and by version 2");
    assertThat(SagaDefinitions.of(List.of(second)).find("order", 1)).isPresent();
    assertThat(SagaDefinitions.of(List.of(second)).newest("order")).contains(second);
  }
}
