package dev.evenkeel.modulith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.example.catalogue.Catalogue.BookAdded;
import com.example.catalogue.Catalogue.BookLost;
import com.example.catalogue.Catalogue.BookMoved;
import com.example.catalogue.Catalogue.BookSeen;
import com.example.catalogue.Catalogue.BookSold;
import com.example.mistakes.Keyless;
import dev.evenkeel.outbox.EventType;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OrderKey;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxException;
import dev.evenkeel.outbox.OutboxMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.modulith.events.EventExternalizationConfiguration;
import org.springframework.modulith.events.RoutingTarget;
import tools.jackson.databind.json.JsonMapper;

class OutboxExternalizerTest {

  /** The real one needs a database. */
  private static final class RecordingOutbox implements Outbox {

    final List<OutboxMessage> messages = new ArrayList<>();

    @Override
    public void append(Object event) {
      throw new UnsupportedOperationException(event + " has no message of its own");
    }

    @Override
    public void append(OutboxMessage message) {
      messages.add(message);
    }
  }

  private static final EventTypes TYPES =
      EventTypes.of(
          List.of(BookLost.class),
          List.of(
              new EventType("book-added", 1, "partners", BookAdded.class),
              new EventType("book-moved", 1, "shelves", BookMoved.class),
              new EventType("book-sold", 3, "books", BookSold.class),
              new EventType("keyless", 1, "somewhere", Keyless.class)));

  private final RecordingOutbox outbox = new RecordingOutbox();
  private final EventExternalizationConfiguration.Router defaults =
      EventExternalizationConfiguration.defaults("com.example");

  private void publish(EventExternalizationConfiguration configuration, Object event) {
    new OutboxExternalizer(
            configuration,
            new RoutingExpressions(new StaticListableBeanFactory(Map.of("shelving", "north"))),
            TYPES,
            new JsonPayloadCodec(JsonMapper.shared()),
            outbox)
        .onApplicationEvent(new PayloadApplicationEvent<>(this, event));
  }

  @Test
  void targetIsTheAggregateTypeAndKeyTheAggregateId() {
    publish(defaults.build(), new BookMoved("7", 3));

    assertThat(outbox.messages)
        .singleElement()
        .satisfies(
            message -> {
              assertThat(message.orderKey()).isEqualTo(new OrderKey("shelf-3", "7"));
              assertThat(message.type()).isEqualTo("book-moved");
              assertThat(message.version()).isEqualTo(1);
              assertThat(message.id().version()).isEqualTo(7);
              assertThat(new String(message.payload(), StandardCharsets.UTF_8))
                  .contains("\"isbn\":\"7\"");
            });
  }

  @Test
  void expressionsMayNameBeans() {
    publish(
        defaults.routeAll(event -> RoutingTarget.forTarget("#{@shelving}").andKey("fixed")).build(),
        new BookMoved("7", 3));

    assertThat(outbox.messages.get(0).orderKey()).isEqualTo(new OrderKey("north", "fixed"));
  }

  @Test
  void mappedEventGivesTypePayloadAndHeaders() {
    Map<String, Object> headers = new HashMap<>(Map.of("copies", 2));
    headers.put("nothing", null);

    publish(
        defaults
            .mapping(BookAdded.class, event -> new BookSold(event.isbn()))
            .headers(BookSold.class, event -> headers)
            .build(),
        new BookAdded("7"));

    assertThat(outbox.messages)
        .singleElement()
        .satisfies(
            message -> {
              assertThat(message.type()).isEqualTo("book-sold");
              assertThat(message.version()).isEqualTo(3);
              assertThat(message.orderKey()).isEqualTo(new OrderKey("partners", "7"));
              assertThat(message.headers()).containsExactlyEntriesOf(Map.of("copies", "2"));
            });
  }

  @Test
  void eventWithoutAKeyIsRefused() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> publish(defaults.build(), new Keyless("7")))
        .withMessageContaining(
            "Keyless is externalized to \"somewhere\" without a key, but order is kept per key");
  }

  @Test
  void keyThatIsNullOrBlankIsRefused() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> publish(defaults.build(), new BookAdded(null)))
        .withMessageContaining("must not be null or blank, was null");
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(
            () -> publish(defaults.routeKey(Keyless.class, Keyless::id).build(), new Keyless(" ")))
        .withMessageContaining("must not be null or blank, was blank");
  }

  @Test
  void expressionThatFailsNamesTargetAndClass() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(
            () ->
                publish(
                    defaults
                        .routeAll(event -> RoutingTarget.forTarget("books").andKey("#{isbm()}"))
                        .build(),
                    new BookAdded("7")))
        .withMessageContaining("\"books::#{isbm()}\" of com.example.catalogue.Catalogue$BookAdded");
  }

  @Test
  void classThatNobodyRegisteredIsRefused() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(
            () ->
                publish(
                    EventExternalizationConfiguration.externalizing()
                        .selectByPackage("com.example")
                        .build(),
                    new BookSeen("7")))
        .withMessageContaining("BookSeen is externalized, but no registered event");
  }

  @Test
  void whatModulithDoesNotExternalizeIsLeftAlone() {
    publish(defaults.build(), new BookSeen("7"));

    assertThat(outbox.messages).isEmpty();
  }

  @Test
  void outboxEventsAreLeftToTheirOwnListener() {
    publish(defaults.build(), new BookLost("7"));

    assertThat(outbox.messages).isEmpty();
  }
}
