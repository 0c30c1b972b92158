package dev.evenkeel.outbox;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of a parked message.
 *
 * @param parked the message as it stands, payload included
 * @param queuedBehind how many messages of its key wait for it; at most 100,000 are counted
 * @param ended how it ended; null while it waits
 * @param actions what operators did to it, oldest first
 */
public record ParkedInspection(
    ParkedMessage parked, int queuedBehind, @Nullable Ended ended, List<ParkedAction> actions) {

  public ParkedInspection {
    actions = List.copyOf(actions);
  }

  /**
   * How a message ended.
   *
   * @param at when, by the database's clock
   * @param by who
   * @param because why
   */
  public record Ended(Instant at, String by, String because) {}
}
