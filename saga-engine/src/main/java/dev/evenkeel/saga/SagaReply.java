package dev.evenkeel.saga;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a participant or a child saga answers, as it is sent and stored.
 *
 * @param sagaId of the saga that asked, as text
 * @param step of that saga
 * @param item of the step
 * @param verb what was asked
 * @param sending which asking it answers
 * @param outcome what has happened, or that nothing has
 * @param result of {@link Outcome#DONE}, as the participant's codec wrote it; null for none
 * @param failure of a refusal or failure
 * @param contention whether the failure was a deadlock, serialization failure or lock timeout
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and confined to the engine
record SagaReply(
    String sagaId,
    String step,
    int item,
    SagaVerb verb,
    int sending,
    Outcome outcome,
    byte @Nullable [] result,
    @Nullable SagaFailure failure,
    boolean contention) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** What can be answered. */
  enum Outcome {
    /** The action has taken effect, once. */
    DONE,
    /** The participant said no, for business reasons, and will not do it. */
    REFUSED,
    /** It has not happened, and from now on can't. */
    FENCED,
    /** What had happened is undone. */
    UNDONE,
    /** A child saga is on its way; its end will be told. */
    BEGUN,
    /** This attempt has failed and left nothing. */
    FAILED,
    /** The command came after its time and was not carried out. */
    LATE
  }

  StepKey key() {
    return new StepKey(step, item);
  }

  byte[] write() {
    return JSON.writeValueAsBytes(this);
  }

  /**
   * Reads one.
   *
   * @throws tools.jackson.core.JacksonException if it is none
   */
  static SagaReply read(byte[] payload) {
    return JSON.readValue(payload, SagaReply.class);
  }
}
