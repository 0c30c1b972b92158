package dev.evenkeel.modulith;

import dev.evenkeel.outbox.EventType;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.outbox.OutboxException;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.PayloadException;
import java.util.HashMap;
import java.util.Map;
import org.springframework.context.ApplicationListener;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.modulith.events.EventExternalizationConfiguration;
import org.springframework.modulith.events.RoutingTarget;

/**
 * Appends the events that Spring Modulith externalizes. Called by the publishing thread at the time
 * of publication, in the publisher's transaction, so state and message commit together.
 *
 * <p>A plain listener on purpose. What Modulith calls after the commit (an {@code
 * ApplicationModuleListener}, as its broker modules register) could not write into a transaction
 * that has ended: between the commit and the send an event would live in Modulith's publication
 * registry only, or, without one, in memory.
 *
 * <p>Modulith's routing target becomes the aggregate type, its routing key the aggregate id: order
 * is kept per (target, key), so an event without a key is refused. The type is the one that the
 * class of the mapped event is registered as. A published class that carries {@link OutboxEvent}
 * says all of this itself and is left to {@link dev.evenkeel.outbox.OutboxEventListener}.
 */
final class OutboxExternalizer implements ApplicationListener<PayloadApplicationEvent<?>> {

  private final EventExternalizationConfiguration configuration;
  private final RoutingExpressions expressions;
  private final EventTypes types;
  private final PayloadCodec codec;
  private final Outbox outbox;

  OutboxExternalizer(
      EventExternalizationConfiguration configuration,
      RoutingExpressions expressions,
      EventTypes types,
      PayloadCodec codec,
      Outbox outbox) {
    this.configuration = configuration;
    this.expressions = expressions;
    this.types = types;
    this.codec = codec;
    this.outbox = outbox;
  }

  @Override
  public void onApplicationEvent(PayloadApplicationEvent<?> published) {
    Object event = published.getPayload();
    if (!event.getClass().isAnnotationPresent(OutboxEvent.class) && configuration.supports(event)) {
      outbox.append(message(event));
    }
  }

  @Override
  public boolean supportsAsyncExecution() {
    return false; // another thread has no part in the transaction
  }

  /** Targets, keys and headers are read from the mapped event, as Modulith's broker modules do. */
  private OutboxMessage message(Object event) {
    Object mapped = configuration.map(event);
    EventType type = typeOf(mapped);
    RoutingTarget target = configuration.determineTarget(event);
    return OutboxMessage.of(
            type.name(),
            type.version(),
            expressions.target(target, mapped),
            expressions.key(target, mapped),
            encode(mapped))
        .withHeaders(headers(mapped));
  }

  private EventType typeOf(Object mapped) {
    return types
        .find(mapped.getClass())
        .orElseThrow(
            () ->
                new OutboxException(
                    ("%s is externalized, but no registered event; annotate it with @Externalized or"
                            + " @OutboxEvent and have its package scanned, or register it by an"
                            + " EventTypeSource")
                        .formatted(mapped.getClass().getName())));
  }

  private byte[] encode(Object mapped) {
    try {
      return codec.encode(mapped);
    } catch (PayloadException e) {
      throw new OutboxException(String.valueOf(e.getMessage()), e);
    }
  }

  private Map<String, String> headers(Object mapped) {
    Map<String, String> headers = new HashMap<>();
    configuration
        .getHeadersFor(mapped)
        .forEach(
            (name, value) -> {
              if (value != null) {
                headers.put(name, value.toString());
              }
            });
    return headers;
  }
}
