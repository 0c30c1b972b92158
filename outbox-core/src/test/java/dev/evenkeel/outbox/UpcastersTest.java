package dev.evenkeel.outbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.evenkeel.outbox.InboxHandlers.Route;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.Upcaster;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** Older versions at a consumer that handles newer ones. */
class UpcastersTest {

  @OutboxEvent(type = "order-placed", aggregateType = "order", key = "id")
  private record OrderPlaced(String id) {}

  @OutboxEvent(type = "order-placed", version = 3, aggregateType = "order", key = "id")
  private record OrderPlacedV3(String id, String currency, String region) {}

  @OutboxEvent(type = "order-placed", version = 5, aggregateType = "order", key = "id")
  private record OrderPlacedV5(String id) {}

  private static final JsonPayloadCodec CODEC = new JsonPayloadCodec(JsonMapper.shared());

  private static final Upcaster FROM_1 =
      JsonUpcaster.of("order-placed", 1, event -> event.put("currency", "EUR"));
  private static final Upcaster FROM_2 =
      JsonUpcaster.of("order-placed", 2, event -> event.put("region", event.path("id").asString()));

  private final List<Object> taken = new ArrayList<>();

  private static InboxHandlers.Builder builder(Upcaster... upcasters) {
    return InboxHandlers.builder(
        EventTypes.of(List.of(OrderPlaced.class, OrderPlacedV3.class, OrderPlacedV5.class)),
        CODEC,
        List.of(upcasters));
  }

  private <E> UnaryOperator<InboxHandlers.Builder> handling(String consumer, Class<E> event) {
    return builder -> builder.add(event.getSimpleName(), consumer, event, "", "hash", taken::add);
  }

  private static OutboxMessage message(int version, String payload) {
    return OutboxMessage.of("order-placed", version, "order", "7", payload.getBytes(UTF_8));
  }

  private static InboxHandlerMethod find(InboxHandlers handlers, OutboxMessage message) {
    InboxHandlerMethod found = handlers.find("summary", message);
    assertThat(found).isNotNull();
    return found;
  }

  @Test
  void olderVersionGoesThroughEachUpcasterInOrder() {
    InboxHandlers handlers =
        handling("summary", OrderPlacedV3.class).apply(builder(FROM_2, FROM_1)).build();
    OutboxMessage v1 = message(1, "{\"id\":\"7\"}");
    OutboxMessage v2 = message(2, "{\"id\":\"7\",\"currency\":\"USD\"}");

    find(handlers, v1).invoke(v1);
    find(handlers, v2).invoke(v2);

    assertThat(taken)
        .containsExactly(new OrderPlacedV3("7", "EUR", "7"), new OrderPlacedV3("7", "USD", "7"));
    assertThat(handlers.route("order-placed", 1))
        .isEqualTo(new Route.To(List.of(find(handlers, v1)), List.of()));
  }

  @Test
  void handlerOfTheVersionItselfComesBeforeUpcasting() {
    InboxHandlers handlers =
        handling("summary", OrderPlacedV3.class)
            .andThen(handling("summary", OrderPlaced.class))
            .apply(builder(FROM_1, FROM_2))
            .build();
    OutboxMessage v1 = message(1, "{\"id\":\"7\"}");

    find(handlers, v1).invoke(v1);

    assertThat(taken).containsExactly(new OrderPlaced("7"));
    assertThat(handlers.upcastSubscriptions())
        .containsExactly(new Subscription("summary", "order-placed", 2));
  }

  /** Takes messages as they came. */
  static final class Raw {
    private final List<OutboxMessage> messages = new ArrayList<>();

    @InboxHandler(consumer = "summary", types = "order-placed")
    void on(OutboxMessage message) {
      messages.add(message);
    }
  }

  @Test
  void handlerOfEveryVersionGetsTheMessageAsItCame() throws NoSuchMethodException {
    Raw raw = new Raw();
    var method = Raw.class.getDeclaredMethod("on", OutboxMessage.class);
    InboxHandlers handlers =
        handling("summary", OrderPlacedV3.class)
            .apply(builder(FROM_1, FROM_2))
            .add(raw, method, method.getAnnotation(InboxHandler.class))
            .build();
    OutboxMessage v1 = message(1, "{\"id\":\"7\"}");

    find(handlers, v1).invoke(v1);

    assertThat(raw.messages).containsExactly(v1);
    assertThat(raw.messages.get(0).payload()).isEqualTo(v1.payload());
    assertThat(taken).isEmpty();
  }

  @Test
  void shardKeyIsReadFromTheUpcastEvent() {
    InboxHandlers handlers =
        builder(FROM_1, FROM_2)
            .add("keyed", "summary", OrderPlacedV3.class, "currency", "hash", taken::add)
            .build();
    OutboxMessage v1 = message(1, "{\"id\":\"7\"}");

    assertThat(find(handlers, v1).shardKey(v1)).isEqualTo(new ShardKey("hash", "EUR"));
  }

  @Test
  void refusalNamesWhatIsThereAndWhatIsMissing() {
    InboxHandlers handlers =
        handling("summary", OrderPlaced.class)
            .andThen(handling("summary", OrderPlacedV3.class))
            .andThen(handling("summary", OrderPlacedV5.class))
            .apply(builder())
            .build();

    assertThat(handlers.refusal("summary", message(6, "")))
        .isEqualTo(
            "consumer summary handles order-placed v1, v3, v5; message is v6, newer than any");
    assertThat(handlers.refusal("summary", message(2, "")))
        .isEqualTo(
            "consumer summary handles order-placed v1, v3, v5; message is v2, and no upcaster leads from v2 to v3");
    assertThat(handlers.refusal("gone", message(2, "")))
        .isEqualTo("consumer gone handles no version of order-placed; message is v2");
    assertThat(handlers.refusal("*", OutboxMessage.of("x", 1, "order", "7", new byte[0])))
        .isEqualTo("no class and no handler of this process knows the type \"x\"");

    InboxHandlers chained = handling("summary", OrderPlacedV3.class).apply(builder(FROM_2)).build();
    assertThat(chained.refusal("summary", message(1, "")))
        .endsWith("message is v1, and no upcaster leads from v1 to v2");
    assertThat(chained.route("order-placed", 1))
        .isEqualTo(new Route.To(List.of(), List.of("summary")));
    assertThat(chained.find("summary", message(1, ""))).isNull();
    assertThat(chained.find("summary", message(4, ""))).isNull();
    assertThat(chained.find("summary", message(0, ""))).isNull();
    assertThat(chained.find("summary", message(Integer.MIN_VALUE, ""))).isNull();
  }

  @Test
  void upcasterThatFailsMakesThePayloadUnreadable() {
    InboxHandlers handlers =
        handling("summary", OrderPlacedV3.class)
            .apply(
                builder(
                    JsonUpcaster.of(
                        "order-placed",
                        2,
                        event -> {
                          throw new IllegalStateException("no region");
                        })))
            .build();
    OutboxMessage v2 = message(2, "{\"id\":\"7\"}");

    assertThatExceptionOfType(PayloadException.class)
        .isThrownBy(() -> find(handlers, v2).invoke(v2))
        .withMessage(
            "the upcaster of order-placed from v2 failed: java.lang.IllegalStateException: no region")
        .matches(e -> FailureKind.of(e) == FailureKind.UNREADABLE);
    assertThatExceptionOfType(PayloadException.class)
        .isThrownBy(() -> find(handlers, v2).invoke(message(2, "?")))
        .withMessageContaining("payload is no JSON");
    assertThatExceptionOfType(PayloadException.class)
        .isThrownBy(() -> find(handlers, v2).invoke(message(2, "[]")))
        .withMessageContaining("no object");
  }

  @Test
  void upcasterKeepsEachDigit() {
    byte[] upcast =
        FROM_1.upcast("{\"id\":\"7\",\"a\":1.10,\"b\":0.1234567890123456789}".getBytes(UTF_8));

    assertThat(new String(upcast, UTF_8))
        .isEqualTo("{\"id\":\"7\",\"a\":1.10,\"b\":0.1234567890123456789,\"currency\":\"EUR\"}");
  }

  @Test
  void everyMistakeIsNamedAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                builder(
                        FROM_1,
                        JsonUpcaster.of("order-placed", 1, event -> event),
                        JsonUpcaster.of("order-placed", 3, event -> event),
                        JsonUpcaster.of("order-placed", 0, event -> event),
                        JsonUpcaster.of("nobody", 1, event -> event))
                    .build())
        .withMessageContaining("both upcast order-placed from v1")
        .withMessageContaining("fromVersion must be at least 1, was 0")
        .withMessageContaining("the type \"nobody\", which nobody registered")
        .withMessageContaining("has upcasters from v1 and from v3, but none from v2")
        .withMessageContaining("has an upcaster from v3 to v4, but no class is registered for v4");
  }

  @Test
  void olderVersionsThatUpcastersServeAreNotSubscriptions() {
    InboxHandlers handlers =
        handling("summary", OrderPlacedV3.class).apply(builder(FROM_1, FROM_2)).build();

    assertThat(handlers.subscriptions())
        .containsExactly(new Subscription("summary", "order-placed", 3));
    assertThat(handlers.upcastSubscriptions())
        .isEqualTo(
            Set.of(
                new Subscription("summary", "order-placed", 1),
                new Subscription("summary", "order-placed", 2)));
  }
}
