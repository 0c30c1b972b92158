package dev.evenkeel.saga;

import org.jspecify.annotations.Nullable;

/**
 * What the statements of the engine do, one line each beside the statement's class: the store of
 * {@link TwoNodes}. {@link ModelRulesIT} holds them against the statements themselves. One can be
 * broken, to see that the exploration finds out.
 */
final class ModelRules {

  /** A rule that does not hold. */
  enum Broken {
    NOTHING,
    /** {@link InstanceTable#write} does not compare the epoch. */
    EPOCH,
    /** A claim leaves the epoch as it is. */
    CLAIM_EPOCH,
    /** {@link InstanceTable#write} parks and times out whatever news there are. */
    UNLESS_NEWS,
    /** Parking sets no timer. */
    PARK_TIMER,
    /** {@link InstanceTable#fireTimers} removes a timer and tells nobody. */
    TIMER_NEWS,
    /** {@link EventTable#store} does not count its news. */
    EVENT_NEWS,
    /** {@link StepTable#insert} does not mind the row that is there. */
    FIRST_ROW,
    /** {@link StepTable#insertCompensation} does not mind the row that is there. */
    FIRST_UNDO,
    /** {@link CallTable#send} is forgotten beside the instance's row. */
    SENDING
  }

  /**
   * What was asked of a participant: a row of {@code saga_call}.
   *
   * @param verb null while nothing was
   */
  record Call(
      @Nullable SagaVerb verb,
      int sendings,
      int failedSending,
      @Nullable Outcome outcome,
      boolean undone) {

    static final Call NONE = new Call(null, 0, 0, null, false);
  }

  private final Broken broken;

  ModelRules(Broken broken) {
    this.broken = broken;
  }

  private boolean holds(Broken rule) {
    return broken != rule;
  }

  // ---- StepTable

  /** INSERT … ON CONFLICT DO NOTHING: the first row is final. */
  boolean inserts(boolean isThere) {
    return !isThere || !holds(Broken.FIRST_ROW);
  }

  /**
   * The same, WHERE EXISTS a forward row that says DONE or UNKNOWN. It is against compensations
   * that come after the saga's deletion, which the model does not have; so nothing here breaks it.
   */
  boolean insertsCompensation(boolean isThere, @Nullable Outcome forward) {
    return (!isThere || !holds(Broken.FIRST_UNDO))
        && (forward == Outcome.DONE || forward == Outcome.UNKNOWN);
  }

  // ---- InstanceTable

  /** WHERE epoch and version are its own, and with unless_news owner and seen are as it knows. */
  boolean writes(
      boolean isEpoch, boolean isVersion, boolean unlessNews, boolean isOwner, boolean isNews) {
    return (isEpoch || !holds(Broken.EPOCH))
        && isVersion
        && (!unlessNews || !holds(Broken.UNLESS_NEWS) || (isOwner && !isNews));
  }

  /** WHERE bumped > seen AND owner IS NULL, or the owner's lease is over, or it is one's own. */
  boolean claims(boolean isOwned, boolean isNews, boolean isLeaseOver, boolean isOwn) {
    return isOwned ? isLeaseOver || isOwn : isNews;
  }

  /** SET epoch = epoch + 1. */
  boolean claimEndsEpochs() {
    return holds(Broken.CLAIM_EPOCH);
  }

  /** INSERT INTO saga_timer … WHERE park AND park_until IS NOT NULL. */
  int timerOfPark(int until) {
    return holds(Broken.PARK_TIMER) ? until : 0;
  }

  /** UPDATE saga_wake SET bumped = bumped + 1, and the timer goes. */
  boolean timerIsNews() {
    return holds(Broken.TIMER_NEWS);
  }

  // ---- EventTable

  /** UPDATE saga_wake SET bumped = bumped + 1 beside the INSERT. */
  boolean eventIsNews() {
    return holds(Broken.EVENT_NEWS);
  }

  // ---- CallTable

  /** ON CONFLICT DO UPDATE SET verb, sendings. */
  Call send(Call call, SagaVerb verb, int sending) {
    return holds(Broken.SENDING)
        ? new Call(verb, sending, call.failedSending(), call.outcome(), call.undone())
        : call;
  }

  /** FAILED: failed_sending = sendings; else outcome = coalesce(outcome, ?), undone OR ?. */
  Call answer(Call call, SagaReply.Outcome what) {
    if (call.sendings() == 0) {
      return call; // no row
    }
    if (what == SagaReply.Outcome.FAILED) {
      return new Call(call.verb(), call.sendings(), call.sendings(), call.outcome(), call.undone());
    }
    boolean undone = what == SagaReply.Outcome.UNDONE;
    Outcome outcome = undone ? Outcome.DONE : Outcome.valueOf(what.name());
    return new Call(
        call.verb(),
        call.sendings(),
        call.failedSending(),
        call.outcome() == null ? outcome : call.outcome(),
        call.undone() || undone);
  }
}
