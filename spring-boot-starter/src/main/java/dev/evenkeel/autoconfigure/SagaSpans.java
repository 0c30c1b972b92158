package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.saga.spi.SagaObserver;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes each attempt at a step a span that continues the trace of the saga's start, so that the
 * whole saga is one trace, on whatever node and after whatever wait. A saga whose start was not
 * traced is not traced.
 */
final class SagaSpans implements SagaObserver {

  private static final Pattern TRACE_PARENT =
      Pattern.compile("[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})");

  private final Supplier<@Nullable Tracer> tracer;

  SagaSpans(Supplier<@Nullable Tracer> tracer) {
    this.tracer = tracer;
  }

  @Override
  public Attempt attempt(
      String saga,
      UUID sagaId,
      String step,
      boolean compensation,
      int attempt,
      Map<String, String> headers) {
    Tracer current = tracer.get();
    String traceParent = headers.get(MessageHeaders.TRACE_PARENT);
    if (current == null || traceParent == null) {
      return Attempt.UNWATCHED;
    }
    Matcher parts = TRACE_PARENT.matcher(traceParent);
    if (!parts.matches()) {
      return Attempt.UNWATCHED; // somebody else's format; the saga is worth more than its trace
    }
    Span span =
        current
            .spanBuilder()
            .setParent(parent(current, parts))
            .name(saga + " " + step + (compensation ? " compensation" : ""))
            .tag("evenkeel.saga.id", sagaId.toString())
            .tag("evenkeel.saga.attempt", attempt)
            .start();
    Tracer.SpanInScope scope = current.withSpan(span);
    return outcome -> {
      scope.close();
      span.tag("evenkeel.saga.outcome", outcome);
      span.end();
    };
  }

  private static TraceContext parent(Tracer tracer, Matcher parts) {
    return tracer
        .traceContextBuilder()
        .traceId(parts.group(1))
        .spanId(parts.group(2))
        .sampled((Integer.parseInt(parts.group(3), 16) & 1) == 1)
        .build();
  }
}
