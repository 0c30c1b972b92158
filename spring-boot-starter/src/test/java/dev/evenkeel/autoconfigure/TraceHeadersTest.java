package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.test.simple.SimpleTracer;
import org.junit.jupiter.api.Test;

class TraceHeadersTest {

  private final SimpleTracer tracer = new SimpleTracer();

  @Test
  void currentSpanBecomesATraceParent() {
    Span span = tracer.nextSpan().start();
    Tracer.SpanInScope scope = tracer.withSpan(span);
    try {
      assertThat(new TraceHeaders(() -> tracer).headers().get("traceparent"))
          .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")
          .contains(span.context().traceId() + "-" + span.context().spanId() + "-");
    } finally {
      scope.close();
    }
  }

  @Test
  void withoutSpanOrTracerThereIsNoHeader() {
    assertThat(new TraceHeaders(() -> tracer).headers()).isEmpty();
    assertThat(new TraceHeaders(() -> Tracer.NOOP).headers()).isEmpty();
    assertThat(new TraceHeaders(() -> null).headers()).isEmpty();
  }
}
