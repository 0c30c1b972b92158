package dev.evenkeel.saga;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an operator decided, as it is stored for the owner.
 *
 * @param step null when it is about the instance
 * @param item of the step
 * @param result of a skip: what the step's dependants get, as the codec writes it; null for null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
record OperatorDecision(
    SagaAction.Kind kind,
    @Nullable String step,
    int item,
    byte @Nullable [] result,
    String by,
    String because) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  byte[] write() {
    return JSON.writeValueAsBytes(this);
  }

  static OperatorDecision read(byte[] payload) {
    return JSON.readValue(payload, OperatorDecision.class);
  }

  /** For the history. */
  String line() {
    return "%s by %s: %s".formatted(kind, by, because);
  }
}
