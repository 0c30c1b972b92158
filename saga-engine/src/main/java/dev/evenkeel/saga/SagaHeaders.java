package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.HeaderSource;
import java.util.Map;

/**
 * What messages inherit that a step appends: the saga's id as correlation id, and the trace and
 * tenant of its start. To be asked after a tracer, whose span is the attempt's.
 */
public final class SagaHeaders implements HeaderSource {

  /** Makes the source. */
  public SagaHeaders() {}

  @Override
  public Map<String, String> headers() {
    return CurrentSaga.headers();
  }
}
