package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.saga.spi.SagaObserver;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Gives what a step appends or starts the trace, correlation and tenant of its saga. Where the
 * application traces, {@link SagaSpans} makes the trace finer, and {@link TraceHeaders} is asked
 * first.
 */
final class SagaHeaders implements SagaObserver, HeaderSource {

  private static final String[] INHERITED = {
    MessageHeaders.CORRELATION_ID, MessageHeaders.TRACE_PARENT, MessageHeaders.TENANT
  };

  private static final ThreadLocal<@Nullable Map<String, String>> CURRENT = new ThreadLocal<>();

  @Override
  public Attempt attempt(
      String saga,
      UUID sagaId,
      String step,
      boolean compensation,
      int attempt,
      Map<String, String> headers) {
    Map<String, String> inherited = new HashMap<>();
    inherited.put(MessageHeaders.CORRELATION_ID, sagaId.toString());
    for (String name : INHERITED) {
      String value = headers.get(name);
      if (value != null) {
        inherited.put(name, value);
      }
    }
    CURRENT.set(inherited);
    return outcome -> CURRENT.remove();
  }

  @Override
  public Map<String, String> headers() {
    Map<String, String> headers = CURRENT.get();
    return headers == null ? Map.of() : headers;
  }
}
