package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.postgresql.replication.LogSequenceNumber;

class SnapshotTrailTest {

  private static Heartbeat snapshot(long xid) {
    return new Heartbeat(PgSnapshot.parse(xid + ":" + xid + ":"), null, "test");
  }

  private static LogSequenceNumber at(long position) {
    return LogSequenceNumber.valueOf(position);
  }

  @Test
  void newestSnapshotAtOrBeforeThePositionIsPublished() {
    SnapshotTrail trail = new SnapshotTrail(10);
    trail.add(snapshot(1), at(100));
    trail.add(snapshot(2), at(200));
    trail.add(snapshot(3), at(300));

    assertThat(trail.confirmed(at(99))).isNull();
    assertThat(trail.confirmed(at(250))).isEqualTo(snapshot(2));
    assertThat(trail.confirmed(at(250))).isNull();
    assertThat(trail.confirmed(at(300))).isEqualTo(snapshot(3));
    assertThat(trail.size()).isZero();
  }

  @Test
  void trailOfALongOutageIsBoundedAndReachesBack() {
    SnapshotTrail trail = new SnapshotTrail(16);
    for (int n = 1; n <= 1_000; n++) {
      trail.add(snapshot(n), at(n));
      assertThat(trail.size()).isLessThanOrEqualTo(16);
    }

    for (int confirmed = 200; confirmed <= 1_000; confirmed += 200) {
      Heartbeat published = trail.confirmed(at(confirmed));
      assertThat(published).as("at %d", confirmed).isNotNull();
      assertThat(published.snapshot().xmin()).isBetween(confirmed - 128L, (long) confirmed);
    }
  }

  @Test
  void trailIsFineAgainAfterAnOutage() {
    SnapshotTrail trail = new SnapshotTrail(16);
    for (int n = 1; n <= 1_000; n++) {
      trail.add(snapshot(n), at(n));
    }
    trail.confirmed(at(1_000));

    trail.add(snapshot(1_001), at(1_001));
    trail.add(snapshot(1_002), at(1_002));

    assertThat(trail.confirmed(at(1_001))).isEqualTo(snapshot(1_001));
    assertThat(trail.confirmed(at(1_002))).isEqualTo(snapshot(1_002));
  }
}
