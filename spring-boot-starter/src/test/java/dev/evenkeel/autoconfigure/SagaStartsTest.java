package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.evenkeel.outbox.DeadLetterPolicy;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StartSaga;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.context.support.GenericApplicationContext;
import tools.jackson.databind.json.JsonMapper;

class SagaStartsTest {

  @OutboxEvent(type = "order-placed", aggregateType = "order", key = "id")
  record Placed(String id) {}

  @OutboxEvent(type = "order-ordered", version = 2, aggregateType = "order", key = "id")
  record Ordered(String id, String buyer) {}

  record Unregistered(String id) {}

  record Order(String id) {}

  abstract static class OrderSteps implements SagaFor<Order> {
    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    void reserve(Order order) {}
  }

  @Saga(name = "order", version = 1, key = "id", shardKey = "id")
  static class Good extends OrderSteps {
    @StartSaga(on = Placed.class)
    Order placed(Placed event) {
      return new Order(event.id());
    }

    @StartSaga(on = Ordered.class, shardKey = "buyer")
    Order ordered(Ordered event) {
      return new Order(event.id());
    }
  }

  @Saga(name = "order", version = 2, key = "id", shardKey = "id")
  static class Newer extends OrderSteps {}

  @Saga(name = "bad", version = 1, key = "id", shardKey = "id")
  static class Bad extends OrderSteps {
    @StartSaga(on = Unregistered.class)
    Order unregistered(Unregistered event) {
      return new Order(event.id());
    }

    @StartSaga(on = Placed.class)
    Order wrongParameter(Ordered event) {
      return new Order(event.id());
    }

    @StartSaga(on = Placed.class)
    String wrongCommand(Placed event) {
      return event.id();
    }

    @StartSaga(on = Placed.class, shardKey = "buyer")
    Order wrongPath(Placed event) {
      return new Order(event.id());
    }

    @StartSaga(on = Ordered.class)
    Order once(Ordered event) {
      return new Order(event.id());
    }

    @StartSaga(on = Ordered.class)
    Order twice(Ordered event) {
      return new Order(event.id());
    }
  }

  @Saga(name = "undefinable", version = 1, key = "nothing", shardKey = "id")
  static class Undefinable extends OrderSteps {}

  private final GenericApplicationContext context = new GenericApplicationContext();

  private SagaBeans find() {
    context.refresh();
    return SagaBeans.find(context.getBeanFactory());
  }

  private InboxHandlers collect() {
    SagaBeans sagas = find();
    return new InboxHandlerCollector(context.getBeanFactory(), DeadLetterPolicy.BLOCK)
        .collect(
            EventTypes.of(List.of(Placed.class, Ordered.class)),
            new JsonPayloadCodec(JsonMapper.shared()),
            List.of(),
            List.of(
                new SagaStarts(
                    sagas,
                    new DeferredSagas(
                        () -> {
                          throw new IllegalStateException("nothing is started here");
                        }))));
  }

  @Test
  void methodsThatStartAreHandlersOfTheSagasConsumer() {
    context.registerBean(Good.class);

    assertThat(collect().subscriptions())
        .containsExactlyInAnyOrder(
            new Subscription("saga:order", "order-placed", 1),
            new Subscription("saga:order", "order-ordered", 2));
  }

  @Test
  void definitionsAreFoundOnBeansAndAsBeans() {
    context.registerBean(Good.class);
    context.registerBean(
        SagaDefinition.class,
        () ->
            SagaBuilder.saga("built", 1, Order.class)
                .key("id")
                .shardKey("id")
                .step("reserve", s -> s.after().nothingToUndo().run(step -> null))
                .build());

    assertThat(find().usable().all())
        .extracting(SagaDefinition::toString)
        .containsExactlyInAnyOrder("order v1", "built v1");
  }

  @Test
  void lazyBeanWithoutASagaStaysUnmade() {
    AtomicInteger made = new AtomicInteger();
    context.registerBean(Good.class);
    context.registerBean(
        "unrelated",
        Object.class,
        () -> {
          made.incrementAndGet();
          return new Object();
        },
        definition -> definition.setLazyInit(true));

    find();

    assertThat(made).hasValue(0);
  }

  @Test
  void everyMistakeIsInOneMessage() {
    context.registerBean(Good.class);
    context.registerBean(Newer.class);
    context.registerBean(Bad.class);
    context.registerBean(Undefinable.class);
    context.registerBean("many", Newer.class, definition -> definition.setScope("prototype"));

    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(this::collect)
        .withMessageContaining("Bad.unregistered handles")
        .withMessageContaining("Unregistered, which nobody registered")
        .withMessageContaining("Bad.wrongParameter must take one parameter, the event")
        .withMessageContaining("Bad.wrongCommand must return the command of saga \"bad\"")
        .withMessageContaining("it returns java.lang.String")
        .withMessageContaining("Bad.wrongPath: shardKey \"buyer\"")
        .withMessageContaining("both handle saga:bad (order-ordered v2)")
        .withMessageContaining(
            "Good.placed starts version 1 of saga \"order\", and new instances are of version 2")
        .withMessageContaining("\"nothing\"")
        .withMessageContaining("Bean \"many\" has @Saga and scope prototype");
  }

  @Test
  void definitionThatExistsTwiceIsAMistake() {
    context.registerBean("one", Good.class);
    context.registerBean("two", Good.class);

    assertThatExceptionOfType(EvenkeelConfigurationException.class)
        .isThrownBy(() -> find().usable())
        .withMessageContaining("saga \"order\" version 1 is defined 2 times");
  }
}
