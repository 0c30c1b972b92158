package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.spi.SagaObserver;
import io.micrometer.tracing.test.simple.SimpleSpan;
import io.micrometer.tracing.test.simple.SimpleTracer;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SagaSpansTest {

  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final UUID SAGA = UUID.randomUUID();

  private final SimpleTracer tracer = new SimpleTracer();
  private final SagaSpans spans = new SagaSpans(() -> tracer);

  private SagaObserver.Attempt attempt(Map<String, String> headers) {
    return spans.attempt("place-order", SAGA, "reserve", true, 3, headers);
  }

  @Test
  void attemptContinuesTheTraceOfTheStart() {
    SagaObserver.Attempt attempt =
        attempt(Map.of("traceparent", "00-" + TRACE + "-b7ad6b7169203331-01"));
    Map<String, String> appendedMeanwhile = new TraceHeaders(() -> tracer).headers();
    attempt.ended("FAILED");

    SimpleSpan span = tracer.onlySpan();
    assertThat(span.context().traceId()).isEqualTo(TRACE);
    assertThat(span.getName()).isEqualTo("place-order reserve compensation");
    assertThat(span.getTags())
        .containsEntry("evenkeel.saga.id", SAGA.toString())
        .containsEntry("evenkeel.saga.attempt", "3")
        .containsEntry("evenkeel.saga.outcome", "FAILED");
    assertThat(appendedMeanwhile.get("traceparent"))
        .contains(TRACE + "-" + span.context().spanId());
    assertThat(tracer.currentSpan()).as("nothing is left on the thread").isNull();
  }

  @Test
  void withoutATraceThereIsNoSpan() {
    attempt(Map.of()).ended("DONE");
    attempt(Map.of("traceparent", "somebody else's")).ended("DONE");
    new SagaSpans(() -> null)
        .attempt("place-order", SAGA, "reserve", false, 1, Map.of())
        .ended("DONE");

    assertThat(tracer.getSpans()).isEmpty();
  }
}
