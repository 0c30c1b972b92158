package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.exc.MismatchedInputException;
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

  SagaReply {
    Objects.requireNonNull(step, "step");
    Objects.requireNonNull(verb, "verb");
    Objects.requireNonNull(outcome, "outcome");
    UUID.fromString(sagaId); // else nobody could say whose it is
  }

  /** What is on its way is asked after so often. */
  private static final Duration LONG_WAIT = Duration.ofMinutes(5);

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

  /**
   * What it tells the saga's owner.
   *
   * @param position of the stored reply
   * @param of reads the result
   */
  SagaNews.Answered news(long position, SagaDefinition of, SagaCodec codec, Instant now) {
    StepDefinition known = of.find(step);
    SagaNews what =
        switch (outcome) {
          case UNDONE -> new SagaNews.Undone(key());
          case BEGUN -> new SagaNews.Handed(key(), verb.work(), now.plus(LONG_WAIT));
          case FAILED, LATE ->
              new SagaNews.Failed(
                  key(),
                  verb.work(),
                  outcome == Outcome.LATE
                      ? SagaNews.Failed.Kind.OUTAGE
                      : contention ? SagaNews.Failed.Kind.CONTENTION : SagaNews.Failed.Kind.ERROR,
                  failure == null ? "" : failure.type(),
                  failure == null ? "It came after its time" : failure.message());
          case DONE, REFUSED, FENCED ->
              new SagaNews.Ended(
                  key(),
                  dev.evenkeel.saga.Outcome.valueOf(outcome.name()),
                  known == null ? null : codec.result(result, known.resultType()),
                  failure,
                  now);
        };
    return new SagaNews.Answered(position, sending, what, result);
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
    SagaReply reply = JSON.readValue(payload, SagaReply.class);
    if (reply == null) {
      throw MismatchedInputException.from(null, SagaReply.class, "it is JSON null");
    }
    return reply;
  }
}
