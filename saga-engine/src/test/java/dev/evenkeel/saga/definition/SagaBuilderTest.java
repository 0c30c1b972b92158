package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.saga.OnTimeout;
import dev.evenkeel.saga.definition.PlaceOrderExample.Line;
import dev.evenkeel.saga.definition.PlaceOrderExample.OrderApproved;
import dev.evenkeel.saga.definition.PlaceOrderExample.PlaceOrder;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SagaBuilderTest {

  private static final Line LINE = new Line("s1", 2);
  private static final PlaceOrder ORDER = new PlaceOrder("o1", 7, List.of(LINE), true);

  record Unnamed(String text) {}

  private static SagaBuilder<PlaceOrder> saga() {
    return SagaBuilder.saga("s", 1, PlaceOrder.class).key("orderId").shardKey("customerId");
  }

  private static ActionStep step(SagaDefinition definition, String name) {
    return (ActionStep) definition.step(name);
  }

  @Test
  void annotationsAndBuilderGiveEqualModels() {
    SagaDefinition built = PlaceOrderExample.builder().build();
    SagaDefinition annotated =
        AnnotatedSaga.of(
            new PlaceOrderExample.PlaceOrderSaga(), PlaceOrderExample.PlaceOrderSaga.class);
    assertThat(Described.text(annotated)).isEqualTo(Described.text(built));
    assertThat(SagaDiagram.mermaid(annotated)).isEqualTo(SagaDiagram.mermaid(built));
  }

  @Test
  void stepsComeInTopologicalOrder() {
    SagaDefinition definition = PlaceOrderExample.builder().build();
    assertThat(definition.steps())
        .extracting(StepDefinition::name)
        .containsExactly("reserveCredit", "reserveStock", "approval", "confirm", "ship");
    assertThat(definition.step("ship").ancestors())
        .containsExactlyInAnyOrder("reserveCredit", "reserveStock", "approval", "confirm");
    assertThat(definition.pivot()).isSameAs(definition.step("confirm"));
  }

  @Test
  void keysAreReadByPathOrByFunction() {
    SagaDefinition definition =
        SagaBuilder.saga("s", 1, PlaceOrder.class)
            .key(order -> BigDecimal.TEN.add(BigDecimal.valueOf(order.customerId())))
            .shardKey(order -> null)
            .shardStrategy("range")
            .step("a", s -> s.after().run(context -> null).nothingToUndo())
            .build();
    assertThat(definition.key(ORDER)).isEqualTo("17");
    assertThat(definition.shardKey(ORDER)).isNull();
    assertThat(definition.shardStrategy()).isEqualTo("range");
  }

  @Test
  void pathsBeginAtTheItemThenTheCommandThenAnAncestor() {
    SagaDefinition definition =
        saga()
            .step("first", s -> s.after().returns(Line.class).run(c -> LINE).nothingToUndo())
            .step(
                "ofItem",
                s ->
                    s.after("first")
                        .forEach("lines")
                        .shardKey("sku")
                        .run(c -> null)
                        .nothingToUndo())
            .step(
                "ofCommand",
                s ->
                    s.after("first")
                        .forEach("lines")
                        .shardKey("orderId")
                        .run(c -> null)
                        .nothingToUndo())
            .step(
                "ofAncestor",
                s -> s.after("first").shardKey("first.sku").run(c -> null).nothingToUndo())
            .step(
                "itemsOfAncestor",
                s ->
                    s.after("again")
                        .forEach("again.lines")
                        .shardKey("sku")
                        .run(c -> null)
                        .nothingToUndo())
            .step("again", s -> s.after().returns(PlaceOrder.class).run(c -> ORDER).nothingToUndo())
            .build();
    TestContext context =
        new TestContext(ORDER, LINE, Map.of("first", new Line("s9", 1), "again", ORDER), null);
    assertThat(step(definition, "ofItem").shardKey().read(context)).isEqualTo("s1");
    assertThat(step(definition, "ofCommand").shardKey().read(context)).isEqualTo("o1");
    assertThat(step(definition, "ofAncestor").shardKey().read(context)).isEqualTo("s9");
    assertThat(step(definition, "itemsOfAncestor").shardKey().read(context)).isEqualTo("s1");
    List<Object> items = List.copyOf(step(definition, "itemsOfAncestor").forEach().read(context));
    assertThat(items).containsExactly(LINE);
  }

  record Part(String id) {}

  record Whole(String id, List<Part> parts) {}

  @Test
  void itemHidesCommandAndCommandHidesAncestors() {
    SagaDefinition definition =
        SagaBuilder.saga("s", 1, Whole.class)
            .key("id")
            .shardKey("id")
            .step("id", s -> s.after().returns(Part.class).run(c -> null).nothingToUndo())
            .step(
                "each",
                s -> s.after("id").forEach("parts").shardKey("id").run(c -> null).nothingToUndo())
            .step("one", s -> s.after("id").shardKey("id").run(c -> null).nothingToUndo())
            .build();
    Part part = new Part("p");
    Whole whole = new Whole("w", List.of(part));
    TestContext context = new TestContext(whole, part, Map.of("id", new Part("r")), null);
    assertThat(step(definition, "each").shardKey().read(context)).isEqualTo("p");
    assertThat(step(definition, "one").shardKey().read(context)).isEqualTo("w");
  }

  @Test
  void whatIsNullOnTheWayIsNull() {
    SagaDefinition definition =
        saga()
            .step("first", s -> s.after().returns(Line.class).run(c -> null).nothingToUndo())
            .step(
                "second",
                s -> s.after("first").shardKey("first.sku").run(c -> null).nothingToUndo())
            .step("third", s -> s.after().forEach("lines").run(c -> null).nothingToUndo())
            .build();
    TestContext context = TestContext.of(new PlaceOrder("o1", 7, null, true));
    assertThat(step(definition, "second").shardKey().read(context)).isNull();
    assertThat(step(definition, "third").forEach().read(context)).isNull();
  }

  @Test
  void onlyTrueIsWanted() {
    SagaDefinition definition =
        saga()
            .await("approval", OrderApproved.class, a -> a.after().when("needsApproval"))
            .step("always", s -> s.after().run(c -> null).nothingToUndo())
            .build();
    StepDefinition approval = definition.step("approval");
    assertThat(approval.isWanted(ORDER)).isTrue();
    assertThat(approval.isWanted(new PlaceOrder("o1", 7, List.of(), false))).isFalse();
    assertThat(definition.step("always").isWanted(ORDER)).isTrue();
  }

  @Test
  void eventsAreNamedByTheirTypeOrTheirClass() {
    SagaDefinition definition =
        saga()
            .await("approval", OrderApproved.class, a -> a.after())
            .await(
                "other",
                Unnamed.class,
                a -> a.after().timeout(Duration.ofSeconds(1)).onTimeout(OnTimeout.CONTINUE))
            .build();
    assertThat(((AwaitStep) definition.step("approval")).eventType()).isEqualTo("order-approved");
    assertThat(((AwaitStep) definition.step("other")).eventType()).isEqualTo("Unnamed");
  }

  @Test
  void resultOfAnotherClassIsRefused() {
    SagaDefinition definition =
        saga().step("a", s -> s.after().run(c -> "text").nothingToUndo()).build();
    assertThatThrownBy(() -> step(definition, "a").action().call(TestContext.of(ORDER)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "Step \"a\" must return java.lang.Void, as declared by returns(...), was"
                + " java.lang.String");
  }

  @Test
  void sameAwaitedEventOneAfterTheOtherIsFine() {
    SagaDefinition definition =
        saga()
            .await("one", OrderApproved.class, a -> a.after())
            .step("between", s -> s.after("one").run(c -> null).nothingToUndo())
            .await("two", OrderApproved.class, a -> a.after("between"))
            .build();
    assertThat(definition.step("two").ancestors()).isEqualTo(Set.of("one", "between"));
  }

  @Test
  void aSagaCanBeBuiltTwice() {
    SagaBuilder<PlaceOrder> broken = saga().step("a", s -> s.after("x").nothingToUndo());
    assertThatThrownBy(broken::build).satisfies(this::hasTwoMistakes);
    assertThatThrownBy(broken::build).satisfies(this::hasTwoMistakes);
  }

  private void hasTwoMistakes(Throwable e) {
    assertThat(((SagaDefinitionException) e).mistakes()).hasSize(2);
  }
}
