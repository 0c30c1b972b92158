package dev.evenkeel.bench;

import java.time.Duration;

/** One way to run the three steps of {@link SagaScenario}. */
interface SagaRunner extends AutoCloseable {

  /** Runs sagas in a closed loop for so long. */
  SagaLoad run(int callers, Duration duration) throws Exception;

  /**
   * Ends the sessions that it keeps open itself, if any, so that the server counts their commits.
   */
  default void endSessions() throws Exception {}

  /** How many of its sagas were to be undone, and were, since it was made. */
  default long compensated() {
    return 0;
  }

  @Override
  void close() throws Exception;
}
