package dev.evenkeel.relay;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/**
 * Snapshots and the positions of the WAL before which everything stands that they see, oldest
 * first. Says which snapshot is published once somebody has confirmed a position.
 *
 * <p>Bounded: when it is full every second entry goes, and from then on only so many are taken, so
 * that the trail of a long outage becomes coarse, not short. Once the outage is over all are taken
 * again. Confined to one thread.
 */
final class SnapshotTrail {

  private final int capacity;
  private final List<Entry> entries = new ArrayList<>();
  private long stride = 1;
  private long offered;

  private record Entry(Heartbeat snapshot, LogSequenceNumber position) {}

  /**
   * Makes an empty one.
   *
   * @param capacity most entries, at least 2
   */
  SnapshotTrail(int capacity) {
    this.capacity = capacity;
  }

  /**
   * Adds a snapshot.
   *
   * @param position drawn after the snapshot, from where the next record of the WAL will be put
   */
  void add(Heartbeat snapshot, LogSequenceNumber position) {
    if (offered++ % stride != 0) {
      return;
    }
    if (entries.size() == capacity) {
      List<Entry> kept = new ArrayList<>();
      for (int i = 0; i < entries.size(); i += 2) {
        kept.add(entries.get(i));
      }
      entries.clear();
      entries.addAll(kept);
      stride *= 2;
    }
    entries.add(new Entry(snapshot, position));
  }

  /** The newest snapshot at or before that position, which is forgotten with all older ones. */
  @Nullable Heartbeat confirmed(LogSequenceNumber position) {
    Heartbeat newest = null;
    int passed = 0;
    while (passed < entries.size() && entries.get(passed).position().compareTo(position) <= 0) {
      newest = entries.get(passed).snapshot();
      passed++;
    }
    entries.subList(0, passed).clear();
    if (entries.size() < capacity / 4) {
      stride = 1;
    }
    return newest;
  }

  int size() {
    return entries.size();
  }
}
