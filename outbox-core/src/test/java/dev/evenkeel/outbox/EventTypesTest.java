package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class EventTypesTest {

  @OutboxEvent(type = "order-placed", aggregateType = "order", key = "id")
  private record OrderPlaced(String id) {}

  @OutboxEvent(type = "order-placed", version = 2, aggregateType = "order", key = "id")
  private record OrderPlacedV2(String id) {}

  @OutboxEvent(type = "order-placed", version = 2, aggregateType = "order", key = "id")
  private record OrderPlacedTwin(String id) {}

  @OutboxEvent(type = "x", aggregateType = "order", key = "nothing")
  private record WrongKey(String id) {}

  @OutboxEvent(type = " ", aggregateType = "order", key = "id")
  private record BlankType(String id) {}

  @OutboxEvent(type = "x", aggregateType = "", key = "id")
  private record BlankAggregate(String id) {}

  @OutboxEvent(type = "x", version = 0, aggregateType = "order", key = "id")
  private record VersionZero(String id) {}

  private record Plain(String id) {}

  @Test
  void findsByClassAndByNameAndVersion() {
    EventTypes types = EventTypes.of(List.of(OrderPlaced.class, OrderPlacedV2.class));

    assertThat(types.find(OrderPlacedV2.class).orElseThrow())
        .isEqualTo(new EventType("order-placed", 2, "order", OrderPlacedV2.class));
    assertThat(types.find("order-placed", 1).orElseThrow().payloadClass())
        .isEqualTo(OrderPlaced.class);
    assertThat(types.find("order-placed", 3)).isEmpty();
    assertThat(types.knows("order-placed")).isTrue();
    assertThat(types.knows("order-paid")).isFalse();
    assertThat(types.all()).hasSize(2);
  }

  @Test
  void aClassNamedTwiceIsOneType() {
    assertThat(EventTypes.of(List.of(OrderPlaced.class, OrderPlaced.class)).all()).hasSize(1);
  }

  @Test
  void twoClassesForOneTypeAndVersionClash() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EventTypes.of(List.of(OrderPlacedTwin.class, OrderPlacedV2.class)))
        .withMessage(
            "The event types are not usable: order-placed v2 is registered by both %s and %s; give"
                + " one of them another type or version",
            OrderPlacedTwin.class.getName(), OrderPlacedV2.class.getName());
  }

  @Test
  void everyMistakeIsInOneMessage() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                EventTypes.of(
                    List.of(
                        WrongKey.class,
                        BlankType.class,
                        BlankAggregate.class,
                        VersionZero.class,
                        Plain.class)))
        .withMessageContaining("has no property \"nothing\"")
        .withMessageContaining("BlankType: type must not be blank")
        .withMessageContaining("BlankAggregate: aggregateType must not be blank")
        .withMessageContaining("VersionZero: version must be at least 1, was 0")
        .withMessageContaining("Plain carries no @OutboxEvent; annotate it to register it");
  }

  @Test
  void anEventBecomesAMessageOfItsTypeAndKey() {
    OutboxMessage message =
        EventTypes.of(List.of(OrderPlaced.class)).message(new OrderPlaced("7"), new byte[] {1});

    assertThat(message.orderKey()).isEqualTo(new OrderKey("order", "7"));
    assertThat(message.type()).isEqualTo("order-placed");
    assertThat(message.version()).isEqualTo(1);
    assertThat(message.id().version()).isEqualTo(7);
  }

  @Test
  void anUnregisteredEventIsRefused() {
    EventTypes types = EventTypes.of(List.of());

    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> types.message(new OrderPlaced("7"), new byte[0]))
        .withMessageContaining("OrderPlaced is not a registered event; annotate it");
  }

  @Test
  void typesOfOtherClassesAreRegisteredWithoutAKey() {
    EventType plain = new EventType("plain", 1, "order", Plain.class);

    EventTypes types = EventTypes.of(List.of(OrderPlaced.class), List.of(plain));

    assertThat(types.find(Plain.class)).contains(plain);
    assertThat(types.find("plain", 1)).contains(plain);
    assertThat(types.all()).hasSize(2);
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> types.message(new Plain("7"), new byte[0]))
        .withMessageContaining("Plain is registered as plain v1 without a key; publish it");
  }

  @Test
  void mistakesInTypesOfOtherClassesAreInTheMessage() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                EventTypes.of(
                    List.of(OrderPlaced.class),
                    List.of(
                        new EventType("", 0, "order", Plain.class),
                        new EventType("order-placed", 1, "order", WrongKey.class),
                        new EventType("twice", 1, "order", OrderPlaced.class))))
        .withMessageContaining("a version of at least 1, was \"\", \"order\" and 0")
        .withMessageContaining("order-placed v1 is registered by both")
        .withMessageContaining("OrderPlaced is registered as order-placed v1 and as twice v1");
  }
}
