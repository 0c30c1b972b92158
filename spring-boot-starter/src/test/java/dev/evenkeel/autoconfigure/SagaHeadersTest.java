package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.MessageHeaders;
import dev.evenkeel.saga.spi.SagaObserver;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SagaHeadersTest {

  private static final UUID SAGA = UUID.randomUUID();

  private final SagaHeaders headers = new SagaHeaders();

  private SagaObserver.Attempt attempt(Map<String, String> ofTheSaga) {
    return headers.attempt("place-order", SAGA, "reserve", false, 1, ofTheSaga);
  }

  @Test
  void whatAStepAppendsInheritsFromItsSaga() {
    SagaObserver.Attempt attempt =
        attempt(
            Map.of(
                MessageHeaders.CORRELATION_ID, "request-7",
                MessageHeaders.TENANT, "acme",
                MessageHeaders.CAUSATION_ID, "the message that started the saga"));

    assertThat(headers.headers())
        .isEqualTo(
            Map.of(
                MessageHeaders.CORRELATION_ID, "request-7",
                MessageHeaders.TENANT, "acme"));
    attempt.ended("DONE");
    assertThat(headers.headers()).as("nothing is left on the thread").isEmpty();
  }

  @Test
  void sagaIdCorrelatesWhereNothingElseDoes() {
    SagaObserver.Attempt attempt = attempt(Map.of());

    assertThat(headers.headers()).containsExactly(Map.entry("correlation-id", SAGA.toString()));
    attempt.ended("DONE");
  }
}
