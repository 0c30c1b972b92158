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
  void fullTrailBecomesCoarseAndKeepsItsNewest() {
    SnapshotTrail trail = new SnapshotTrail(8);
    for (int n = 1; n <= 1_000; n++) {
      trail.add(snapshot(n), at(n));
      assertThat(trail.size()).isLessThanOrEqualTo(8);
    }

    assertThat(trail.confirmed(at(1_000))).isEqualTo(snapshot(1_000));
  }

  @Test
  void trailOfALongOutageStillReachesBack() {
    SnapshotTrail trail = new SnapshotTrail(8);
    for (int n = 1; n <= 1_000; n++) {
      trail.add(snapshot(n), at(n));
    }

    Heartbeat half = trail.confirmed(at(600));

    assertThat(half).isNotNull();
    assertThat(half.snapshot().xmin()).isBetween(1L, 600L);
  }
}
