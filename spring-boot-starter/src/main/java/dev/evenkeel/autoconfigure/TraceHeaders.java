package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.outbox.spi.HeaderSource;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The current span as a W3C {@code traceparent}, whatever format the application's HTTP calls use.
 */
final class TraceHeaders implements HeaderSource {

  private static final int TRACE_ID_LENGTH = 32;
  private static final int SPAN_ID_LENGTH = 16;

  private final Supplier<@Nullable Tracer> tracer;

  TraceHeaders(Supplier<@Nullable Tracer> tracer) {
    this.tracer = tracer;
  }

  @Override
  public Map<String, String> headers() {
    Tracer current = tracer.get();
    TraceContext context = current == null ? null : current.currentTraceContext().context();
    if (context == null) {
      return Map.of();
    }
    String traceId = leftPadded(context.traceId());
    String spanId = context.spanId();
    if (traceId.length() != TRACE_ID_LENGTH || spanId.length() != SPAN_ID_LENGTH) {
      return Map.of(); // the no-op tracer's context has no ids
    }
    String flags = Boolean.TRUE.equals(context.sampled()) ? "01" : "00";
    return Map.of(MessageHeaders.TRACE_PARENT, "00-" + traceId + "-" + spanId + "-" + flags);
  }

  /** Brave can be set to trace ids of 64 bits; W3C has 128. */
  private static String leftPadded(String traceId) {
    return traceId.length() == SPAN_ID_LENGTH ? "0".repeat(SPAN_ID_LENGTH) + traceId : traceId;
  }
}
