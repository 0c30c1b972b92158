package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.OnTimeout;
import dev.evenkeel.saga.ResultOf;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaFailure.Reason;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.definition.PlaceOrderExample.CreditRefused;
import dev.evenkeel.saga.definition.PlaceOrderExample.CreditReserved;
import dev.evenkeel.saga.definition.PlaceOrderExample.Line;
import dev.evenkeel.saga.definition.PlaceOrderExample.OrderConfirmed;
import dev.evenkeel.saga.definition.PlaceOrderExample.PlaceOrder;
import dev.evenkeel.saga.definition.PlaceOrderExample.PlaceOrderSaga;
import dev.evenkeel.saga.definition.PlaceOrderExample.Shipped;
import dev.evenkeel.saga.definition.PlaceOrderExample.StockReserved;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.aopalliance.intercept.MethodInterceptor;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;

class AnnotatedSagaTest {

  private static final Line LINE = new Line("s1", 2);
  private static final PlaceOrder ORDER = new PlaceOrder("o1", 7, List.of(LINE), true);

  private static ActionStep step(SagaDefinition saga, String name) {
    return (ActionStep) saga.step(name);
  }

  private static SagaDefinition placeOrder() {
    return AnnotatedSaga.of(new PlaceOrderSaga(), PlaceOrderSaga.class);
  }

  record Event(String text) {}

  /** Every kind of parameter. */
  @Saga(name = "s", version = 1, key = "orderId", shardKey = "customerId")
  static class Recording implements SagaFor<PlaceOrder> {

    final List<Object> seen = new ArrayList<>();

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    Integer one(PlaceOrder order) {
      return 1;
    }

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    int two() {
      return 2;
    }

    @SagaStep(
        after = {},
        forEach = "lines",
        compensation = SagaStep.NONE)
    String each(Line line) {
      return line.sku();
    }

    @AwaitEvent(
        after = {},
        timeout = "PT1S",
        onTimeout = OnTimeout.CONTINUE)
    void event(Event event) {}

    @SagaStep(
        after = {"one", "two", "each", "event"},
        forEach = "lines",
        compensation = "undo")
    Shipped all(
        @ResultOf("two") Integer two,
        Event event,
        Line line,
        List<String> each,
        PlaceOrder order,
        @ResultOf("one") Number one) {
      seen.addAll(List.of(two, event, line, each, order, one));
      return new Shipped("x");
    }

    void undo(
        SagaFailure why,
        @ResultOf("all") Object mine,
        Shipped again,
        List<String> each,
        Line line) {
      seen.addAll(List.of(why, mine, again, each, line));
    }
  }

  @Test
  void parametersAreWhatTheirTypesAndResultOfSay() throws Exception {
    Recording bean = new Recording();
    ActionStep all = step(AnnotatedSaga.of(bean, Recording.class), "all");
    Event event = new Event("e");
    SagaFailure why = new SagaFailure(Reason.CANCELLED, null, "", "because");
    Shipped shipped = new Shipped("x");
    Map<String, Object> results =
        Map.of("one", 1, "two", 2, "each", List.of("a", "b"), "event", event, "all", shipped);
    TestContext context = new TestContext(ORDER, LINE, results, why);

    assertThat(all.action().call(context)).isEqualTo(shipped);
    assertThat(bean.seen).containsExactly(2, event, LINE, List.of("a", "b"), ORDER, 1);
    bean.seen.clear();
    assertThat(all.compensation().call(context)).isNull();
    assertThat(bean.seen).containsExactly(why, shipped, shipped, List.of("a", "b"), LINE);
  }

  @Test
  void resultTypesAreTheMethods() {
    SagaDefinition saga = AnnotatedSaga.of(new Recording(), Recording.class);
    assertThat(saga.step("two").resultType()).isEqualTo(Integer.class);
    assertThat(saga.step("event").resultType()).isEqualTo(Event.class);
    assertThat(saga.step("all").resultType()).isEqualTo(Shipped.class);
  }

  @Test
  void applicationsOwnExceptionComesOut() {
    ActionStep step = step(placeOrder(), "reserveCredit");
    PlaceOrder refused = new PlaceOrder("o1", 0, List.of(), false);
    assertThatThrownBy(() -> step.action().call(TestContext.of(refused)))
        .isInstanceOf(CreditRefused.class)
        .satisfies(e -> assertThat(step.retry().isRefusal(e)).isTrue());
  }

  @Test
  void callsGoThroughTheProxy() throws Exception {
    List<String> intercepted = new ArrayList<>();
    ProxyFactory factory = new ProxyFactory(new PlaceOrderSaga());
    factory.setProxyTargetClass(true);
    factory.addAdvice(
        (MethodInterceptor)
            call -> {
              intercepted.add(call.getMethod().getName());
              return call.proceed();
            });
    SagaDefinition saga = AnnotatedSaga.of(factory.getProxy(), PlaceOrderSaga.class);
    TestContext context =
        new TestContext(
            ORDER,
            null,
            Map.of(
                "reserveCredit",
                new CreditReserved("c1"),
                "reserveStock",
                List.of(new StockReserved("s1", 2))),
            null);
    assertThat(step(saga, "confirm").action().call(context))
        .isEqualTo(new OrderConfirmed("c1 [StockReserved[sku=s1, quantity=2]]"));
    assertThat(intercepted).containsExactly("confirm");
  }

  abstract static class Base<C, R> implements SagaFor<C> {

    @SagaStep(
        name = "first",
        after = {},
        compensation = "undo")
    abstract R begin(C command);

    void undo(R result, C command) {}
  }

  @Saga(name = "s", version = 2, key = "orderId", shardKey = "customerId")
  static class Inherited extends Base<PlaceOrder, Shipped> {

    @Override
    @SagaStep(
        name = "first",
        after = {},
        compensation = "undo")
    Shipped begin(PlaceOrder command) {
      return new Shipped(command.orderId());
    }
  }

  @Test
  void typeVariablesOfABaseClassAreResolved() throws Exception {
    SagaDefinition saga = AnnotatedSaga.of(new Inherited(), Inherited.class);
    assertThat(saga.commandType()).isEqualTo(PlaceOrder.class);
    assertThat(saga.steps()).extracting(StepDefinition::name).containsExactly("first");
    assertThat(step(saga, "first").resultType()).isEqualTo(Shipped.class);
    assertThat(step(saga, "first").action().call(TestContext.of(ORDER)))
        .isEqualTo(new Shipped("o1"));
  }

  static class Specialised extends PlaceOrderSaga {}

  @Test
  void subclassOfASagaIsOne() {
    SagaDefinition saga = AnnotatedSaga.of(new Specialised(), Specialised.class);
    assertThat(saga.steps()).hasSize(5);
  }

  @Test
  void sameNameAndVersionTwiceIsRefused() {
    assertThatThrownBy(() -> SagaDefinitions.of(List.of(placeOrder(), placeOrder())))
        .isInstanceOf(SagaDefinitionException.class)
        .hasMessage("The sagas are not usable: saga \"place-order\" version 1 is defined 2 times");
  }
}
