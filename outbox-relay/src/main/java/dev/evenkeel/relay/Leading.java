package dev.evenkeel.relay;

import java.sql.SQLException;

/**
 * What a leader does in one term, by who relays. On the supervisor's thread; single-use.
 *
 * <p>Whatever it is, it keeps the lease by its own progress, and ends the term when it can't go on:
 * there is one way to recover, the way a new leader starts.
 */
interface Leading {

  /**
   * Leads until the relay is stopped or gives the lease back.
   *
   * @throws LeadershipLostException when another takes over or this process must let go
   * @throws UnfitException when the server is not as this needs it
   */
  void run() throws SQLException, InterruptedException;

  /** Messages sent and not acknowledged; from any thread. */
  int inFlight();

  /** There is something new, perhaps; from any thread. */
  default void wake() {}
}
