package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.evenkeel.outbox.InboxHandlers.Route;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class InboxHandlersTest {

  @OutboxEvent(type = "order-placed", aggregateType = "order", key = "id")
  private record OrderPlaced(String id) {}

  @OutboxEvent(type = "order-placed", version = 2, aggregateType = "order", key = "id")
  private record OrderPlacedV2(String id) {}

  private record Plain(String id) {}

  private static final EventTypes TYPES =
      EventTypes.of(List.of(OrderPlaced.class, OrderPlacedV2.class));
  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.shared());

  /** Handlers as an application has them. */
  static class Summary {
    @InboxHandler(consumer = "summary")
    void on(OrderPlaced event) {}

    @InboxHandler(consumer = "summary")
    void on(OrderPlacedV2 event, OutboxMessage message) {}
  }

  /** Sees every version. */
  static class Audit {
    @InboxHandler(consumer = "audit", types = "order-placed")
    void on(OutboxMessage message) {}
  }

  /** One version by its class, the others raw. */
  static class Mixed {
    @InboxHandler(consumer = "mixed", types = "order-placed")
    void raw(OutboxMessage message) {}

    @InboxHandler(consumer = "mixed")
    void typed(OrderPlacedV2 event) {}
  }

  /** Only the old version. */
  static class Old {
    @InboxHandler(consumer = "old")
    void on(OrderPlaced event) {}
  }

  /** All mistakes at once. */
  static class Mistakes {
    @InboxHandler(consumer = " ")
    void blankConsumer(OrderPlaced event) {}

    @InboxHandler(consumer = "*")
    void reservedConsumer(OrderPlaced event) {}

    @InboxHandler(consumer = "a")
    void noParameter() {}

    @InboxHandler(consumer = "b")
    void wrongOrder(OutboxMessage message, OrderPlaced event) {}

    @InboxHandler(consumer = "c")
    void rawWithoutTypes(OutboxMessage message) {}

    @InboxHandler(consumer = "d", types = "order-paid")
    void unknownType(OutboxMessage message) {}

    @InboxHandler(consumer = "e")
    void unregistered(Plain event) {}

    @InboxHandler(consumer = "f", types = "order-placed")
    void typedWithTypes(OrderPlaced event) {}

    @InboxHandler(consumer = "g")
    void first(OrderPlaced event) {}

    @InboxHandler(consumer = "g")
    void second(OrderPlaced event) {}
  }

  private static InboxHandlers handlers(Object... beans) {
    InboxHandlers.Builder builder = InboxHandlers.builder(TYPES, CODEC);
    for (Object bean : beans) {
      Stream.of(bean.getClass().getDeclaredMethods())
          .filter(method -> method.isAnnotationPresent(InboxHandler.class))
          .sorted((a, b) -> a.getName().compareTo(b.getName()))
          .forEach((Method m) -> builder.add(bean, m, m.getAnnotation(InboxHandler.class)));
    }
    return builder.build();
  }

  private static Route.To to(InboxHandlers handlers, int version) {
    return (Route.To) handlers.route("order-placed", version);
  }

  @Test
  void everyConsumerOfATypeTakesAMessage() {
    InboxHandlers handlers = handlers(new Summary(), new Audit());

    assertThat(to(handlers, 1).handlers())
        .extracting(InboxHandlerMethod::consumer)
        .containsExactly("audit", "summary");
    assertThat(handlers.subscriptions())
        .containsExactlyInAnyOrder(
            new Subscription("summary", "order-placed", 1),
            new Subscription("summary", "order-placed", 2),
            new Subscription("audit", "order-placed", Subscription.EVERY_VERSION));
  }

  @Test
  void aConsumerOfOtherVersionsIsNamed() {
    Route.To route = to(handlers(new Old(), new Audit()), 2);

    assertThat(route.handlers()).extracting(InboxHandlerMethod::consumer).containsExactly("audit");
    assertThat(route.consumersOfOtherVersions()).containsExactly("old");
  }

  @Test
  void aMethodForTheVersionGoesBeforeOneForEveryVersion() {
    InboxHandlers handlers = handlers(new Mixed());

    assertThat(to(handlers, 2).handlers()).asString().contains("Mixed.typed");
    assertThat(to(handlers, 1).handlers()).asString().contains("Mixed.raw");
    assertThat(to(handlers, 3).handlers()).asString().contains("Mixed.raw");
    assertThat(to(handlers, 2).consumersOfOtherVersions()).isEmpty();
    assertThat(handlers.find("mixed", message(2))).asString().contains("Mixed.typed");
    assertThat(handlers.find("mixed", message(1))).asString().contains("Mixed.raw");
    assertThat(handlers.find("nobody", message(1))).isNull();
  }

  private static OutboxMessage message(int version) {
    return OutboxMessage.of("order-placed", version, "order", "7", new byte[0]);
  }

  @Test
  void aKnownTypeWithoutConsumerHasNoHandlers() {
    assertThat(handlers().route("order-placed", 1))
        .asInstanceOf(type(Route.To.class))
        .isEqualTo(new Route.To(List.of(), List.of()));
  }

  @Test
  void anUnknownTypeIsSaidToBeUnknown() {
    assertThat(handlers(new Summary()).route("order-paid", 1)).isEqualTo(new Route.UnknownType());
  }

  @Test
  void everyMistakeIsInOneMessage() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> handlers(new Mistakes()))
        .withMessageStartingWith("The inbox handlers are not usable: ")
        .withMessageContaining("Mistakes.blankConsumer: consumer must be a name, was \" \"")
        .withMessageContaining("Mistakes.reservedConsumer: consumer must be a name, was \"*\"")
        .withMessageContaining("Mistakes.noParameter must take an event")
        .withMessageContaining("Mistakes.wrongOrder must take an event")
        .withMessageContaining("Mistakes.rawWithoutTypes takes an OutboxMessage but names no types")
        .withMessageContaining(
            "Mistakes.unknownType handles the type \"order-paid\", which nobody registered")
        .withMessageContaining("Mistakes.unregistered handles " + Plain.class.getName())
        .withMessageContaining("Mistakes.typedWithTypes must take an event")
        .withMessageContaining(
            "Mistakes.second both handle g (order-placed v1); one consumer handles a message once");
  }

  @Test
  void handlerMadeInCodeIsAsAMethod() {
    List<OrderPlaced> seen = new ArrayList<>();
    InboxHandlers handlers =
        InboxHandlers.builder(TYPES, CODEC)
            .add("Starts.order", "starts", OrderPlaced.class, "id", "carried", seen::add)
            .build();
    OutboxMessage message =
        OutboxMessage.of("order-placed", 1, "order", "7", CODEC.encode(new OrderPlaced("7")));

    InboxHandlerMethod handler = to(handlers, 1).handlers().get(0);
    handler.invoke(message);

    assertThat(seen).containsExactly(new OrderPlaced("7"));
    assertThat(handler).hasToString("Starts.order");
    assertThat(handler.shardKey(message)).isEqualTo(new ShardKey("carried", "7"));
    assertThat(handlers.subscriptions())
        .containsExactly(new Subscription("starts", "order-placed", 1));
  }

  @Test
  void mistakesOfHandlersMadeInCodeAreInTheSameMessage() {
    InboxHandlers.Builder builder =
        InboxHandlers.builder(TYPES, CODEC)
            .add("Starts.plain", "starts", Plain.class, "", "hash", event -> {})
            .add("Starts.path", "starts", OrderPlaced.class, "customer", "hash", event -> {});

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessageContaining("Starts.plain handles " + Plain.class.getName())
        .withMessageContaining("Starts.path: shardKey \"customer\"");
  }

  /** One method says it for the consumer. */
  static class Skipping {
    @InboxHandler(consumer = "skipping", onDeadLetter = DeadLetterPolicy.SKIP)
    void on(OrderPlaced event) {}

    @InboxHandler(consumer = "skipping")
    void onV2(OrderPlacedV2 event) {}
  }

  /** Both methods say it, and differ. */
  static class Undecided {
    @InboxHandler(consumer = "undecided", onDeadLetter = DeadLetterPolicy.SKIP)
    void on(OrderPlaced event) {}

    @InboxHandler(consumer = "undecided", onDeadLetter = DeadLetterPolicy.BLOCK)
    void onV2(OrderPlacedV2 event) {}
  }

  @Test
  void deadLettersBlockUnlessTheConsumerOrTheDefaultSaysOtherwise() {
    InboxHandlers handlers = handlers(new Summary(), new Skipping());

    assertThat(handlers.skipsDeadLetters("skipping")).isTrue();
    assertThat(handlers.skipsDeadLetters("summary")).isFalse();
    assertThat(handlers.skipsDeadLetters("nobody")).isFalse();
    InboxHandlers skipping =
        InboxHandlers.builder(TYPES, CODEC).onDeadLetter(DeadLetterPolicy.SKIP).build();
    assertThat(skipping.skipsDeadLetters("anybody")).isTrue();
    assertThat(skipping.skipsDeadLetters(InboxHandlers.UNKNOWN_CONSUMER)).isFalse();
  }

  @Test
  void oneConsumerHasOnePolicy() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> handlers(new Undecided()))
        .withMessageContaining(
            "Methods of consumer \"undecided\" differ in onDeadLetter (SKIP and BLOCK); one consumer has one policy");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> InboxHandlers.builder(TYPES, CODEC).onDeadLetter(DeadLetterPolicy.DEFAULT))
        .withMessage("evenkeel.inbox.dead-letter-policy must be block or skip, was default");
  }

  /** Handles nothing; only its names count. */
  private record Direct(String consumer, String type, String aggregateType)
      implements DirectHandler {

    @Override
    public void handle(OutboxMessage message, TransactionTarget target, Began began) {}
  }

  @Test
  void directHandlersTakeEveryVersionOfTypesThatNeedNoClass() {
    Direct shipping = new Direct("participant:shipping", "saga-command.shipping", "commands");
    InboxHandlers handlers =
        InboxHandlers.builder(TYPES, CODEC).addDirect(shipping, DeadLetterPolicy.SKIP).build();

    for (int version : new int[] {1, 7}) {
      Route.To route = (Route.To) handlers.route("saga-command.shipping", version);
      assertThat(route.handlers())
          .extracting(InboxHandlerMethod::consumer)
          .containsExactly("participant:shipping");
      assertThat(route.consumersOfOtherVersions()).isEmpty();
    }
    assertThat(handlers.subscriptions())
        .containsExactly(new Subscription("participant:shipping", "saga-command.shipping", 0));
    assertThat(handlers.upcastSubscriptions()).isEmpty();
    assertThat(handlers.directHandlers()).containsExactly(shipping);
    assertThat(handlers.skipsDeadLetters("participant:shipping")).isTrue();
  }

  @Test
  void mistakesOfDirectHandlersAreNamedAtOnce() {
    InboxHandlers.Builder builder =
        InboxHandlers.builder(TYPES, CODEC)
            .addDirect(new Direct("*", "a", "a"))
            .addDirect(new Direct("b", " ", "b"))
            .addDirect(new Direct("c", "c", ""))
            .addDirect(new Direct("d", "d", "d"))
            .addDirect(new Direct("d", "d", "d"));

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessageContaining("consumer must be a name, was \"*\"")
        .withMessageContaining("must not be blank, were \" \" and \"b\"")
        .withMessageContaining("must not be blank, were \"c\" and \"\"")
        .withMessageContaining("both handle d (d)");
  }
}
