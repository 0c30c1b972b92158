package dev.evenkeel.sample.orders.live;

import dev.evenkeel.saga.spi.SagaObserver;
import java.util.Map;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Tells the feed of each attempt at a step that this process makes. */
@Component
class SagaWatch implements SagaObserver {

  private static final String RUNNING = "RUNNING";

  private final LiveFeed feed;

  SagaWatch(LiveFeed feed) {
    this.feed = feed;
  }

  /**
   * An attempt as the page hears of it.
   *
   * @param compensation whether the step is undone
   * @param outcome {@value RUNNING}, later how it ended
   */
  record StepMoved(UUID sagaId, String step, boolean compensation, int attempt, String outcome) {}

  @Override
  public Attempt attempt(
      String saga,
      UUID sagaId,
      String step,
      boolean compensation,
      int attempt,
      Map<String, String> headers) {
    feed.tell("step", new StepMoved(sagaId, step, compensation, attempt, RUNNING));
    return outcome ->
        feed.tell("step", new StepMoved(sagaId, step, compensation, attempt, outcome));
  }
}
