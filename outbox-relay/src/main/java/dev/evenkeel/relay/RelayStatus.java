package dev.evenkeel.relay;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A relay at one moment.
 *
 * @param node this process
 * @param state where it stands
 * @param epoch the term it leads, 0 when it does not
 * @param leader the node that leads as far as this one knows, null when nobody does
 * @param choice how the messages are relayed in the present term and why, for operators; empty when
 *     another process leads or nobody
 * @param inFlight messages sent and not acknowledged
 * @param gaps how often, since the start, a replication slot was found lost or made again: alarms
 * @param findings what keeps it from working or may soon; empty when all is well. A leader looks
 *     every two seconds, the others name only what keeps them from leading
 */
public record RelayStatus(
    String node,
    RelayState state,
    long epoch,
    @Nullable String leader,
    String choice,
    int inFlight,
    long gaps,
    List<RelayFinding> findings) {

  /**
   * How far the relay is behind, as the database tells it.
   *
   * @param retainedBytes WAL that the replication slot keeps; -1 when there is no replication slot
   * @param oldestUnpublished an upper bound for the age of the oldest message not yet published:
   *     everything appended before that long ago is published. With a relay that keeps up it is
   *     about two heartbeats, whether or not anything was appended; zero when nothing ever was
   * @param gaps the newest gaps, newest first, at most five
   */
  public record Lag(long retainedBytes, Duration oldestUnpublished, List<Gap> gaps) {}

  /**
   * Something that was missing from the stream.
   *
   * @param recognisedAt when a leader found it, by the database's clock
   * @param node that leader
   * @param what what had happened
   * @param repairedAt when everything that may have been missing was sent; null: not yet
   * @param repair what was done; null as long as it is not repaired
   */
  public record Gap(
      Instant recognisedAt,
      String node,
      String what,
      @Nullable Instant repairedAt,
      @Nullable String repair) {}
}
