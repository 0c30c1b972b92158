package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.OutboxMessage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.postgresql.replication.LogSequenceNumber;

/** What is confirmed is contiguous, in whatever order messages are acknowledged. */
class InFlightPropertyTest {

  private static final int MAX = 8;
  private static final StreamPosition SOMEWHERE = new StreamPosition(null);

  private static Heartbeat beat(long number) {
    return new Heartbeat(PgSnapshot.parse(number + ":" + number + ":"), "now", "of-a-test");
  }

  /**
   * Each number is a turn: a message, a heartbeat, or the acknowledgement of one that is under way.
   */
  @Property(tries = 500)
  void nothingIsConfirmedBeforeEverythingSentBeforeItIsAcknowledged(
      @ForAll @Size(max = 200) List<@IntRange(max = 99) Integer> turns) {
    InFlight inFlight = new InFlight(MAX, 1 << 20);
    List<InFlight.Entry> sent = new ArrayList<>();
    Set<InFlight.Entry> acknowledged = new HashSet<>();
    List<Integer> beats = new ArrayList<>(); // messages sent before each heartbeat
    int confirmed = 0;
    long lastBeat = -1;
    for (int turn : turns) {
      if (turn < 40) {
        OutboxMessage message = OutboxMessage.of("counted", 1, "counter", "k", new byte[turn]);
        if (inFlight.hasRoomFor(message)) {
          sent.add(inFlight.add(message, SOMEWHERE));
        }
      } else if (turn < 60) {
        inFlight.add(beat(beats.size()), SOMEWHERE);
        beats.add(sent.size());
      } else {
        List<InFlight.Entry> open =
            sent.stream().filter(entry -> !acknowledged.contains(entry)).toList();
        if (!open.isEmpty()) {
          InFlight.Entry one = open.get(turn % open.size());
          acknowledged.add(one);
          one.acknowledge();
        }
      }
      for (InFlight.Entry next = inFlight.pollAcknowledged();
          next != null;
          next = inFlight.pollAcknowledged()) {
        if (next.heartbeat() == null) {
          assertThat(next).isSameAs(sent.get(confirmed));
          assertThat(acknowledged).contains(next);
          confirmed++;
        } else {
          long number = next.heartbeat().snapshot().xmin();
          assertThat(number).isGreaterThan(lastBeat);
          assertThat(confirmed).isGreaterThanOrEqualTo(beats.get((int) number));
          lastBeat = number;
        }
      }
      assertThat(inFlight.messages()).isEqualTo(sent.size() - confirmed).isLessThanOrEqualTo(MAX);
    }
    sent.forEach(InFlight.Entry::acknowledge);
    while (inFlight.pollAcknowledged() != null) {}
    assertThat(inFlight.isEmpty()).isTrue();
  }

  /** A trail says no more than it knows, also when it was thinned out. */
  @Property(tries = 500)
  void snapshotIsPublishedOnlyWithEverythingBeforeItsPosition(
      @ForAll @Size(max = 200) List<@IntRange(max = 9) Integer> steps,
      @ForAll @IntRange(min = 2, max = 9) int capacity) {
    SnapshotTrail trail = new SnapshotTrail(capacity);
    long position = 1;
    long confirmed = 0;
    long last = 0;
    for (int step : steps) {
      if (step < 7) {
        position += step;
        trail.add(beat(position), LogSequenceNumber.valueOf(position));
      } else {
        confirmed = Math.max(confirmed, position - step);
        Heartbeat newest = trail.confirmed(LogSequenceNumber.valueOf(confirmed));
        if (newest != null) {
          assertThat(newest.snapshot().xmin()).isBetween(last, confirmed);
          last = newest.snapshot().xmin();
        }
      }
      assertThat(trail.size()).isLessThanOrEqualTo(capacity);
    }
  }
}
