package dev.evenkeel.shard.id;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.shard.id.NodeLease.IdClock;
import dev.evenkeel.shard.id.SnowflakeNodeTable.Renewed;
import dev.evenkeel.shard.id.SnowflakeNodeTable.Taken;
import dev.evenkeel.shard.id.SnowflakeNodeTable.Tenure;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NodeLeaseTest {

  private static final Duration LEASE = Duration.ofSeconds(10);
  private static final long NOW = SnowflakeIds.FIRST_MILLIS + 1_000_000_000L;
  private static final long HOUR = Duration.ofHours(1).toMillis();

  /** Taken just now, when the database's clock said {@link #NOW}. */
  private static NodeLease lease(long floor, long ceiling, IdClock before) {
    return lease(floor, ceiling, before, System.nanoTime());
  }

  private static NodeLease lease(long floor, long ceiling, IdClock before, long asked) {
    return new NodeLease(
        new Taken(new Tenure(3, "test", 1), floor, ceiling, micros(NOW)),
        LEASE,
        before,
        asked,
        System.nanoTime());
  }

  private static long micros(long millis) {
    return TimeUnit.MILLISECONDS.toMicros(millis);
  }

  private static long millisOfNext(NodeLease lease) {
    long id = lease.next();
    assertThat(id).isNotEqualTo(NodeLease.NONE);
    return SnowflakeIds.millisOf(id);
  }

  @Test
  void idCarriesTheDatabasesTimeAndTheNode() {
    long id = lease(0, NOW + HOUR, IdClock.unset()).next();

    assertThat(SnowflakeIds.millisOf(id)).isBetween(NOW, NOW + 1_000);
    assertThat(SnowflakeIds.nodeOf(id)).isEqualTo(3);
  }

  @Test
  void nothingIsIssuedAtOrBelowTheCeilingThatWasFound() {
    NodeLease lease = lease(NOW + 20, NOW + HOUR, IdClock.unset());

    assertThat(millisOfNext(lease)).isGreaterThan(NOW + 20); // it waited
  }

  @Test
  void nothingIsIssuedBeyondTheCeilingThatWasStored() {
    NodeLease lease = lease(0, NOW - 1, IdClock.unset());
    assertThat(lease.next())
        .as("no id is issued that the next holder of the node id may issue again")
        .isEqualTo(NodeLease.NONE);

    lease.extend(new Renewed(NOW + HOUR, micros(NOW)), System.nanoTime(), System.nanoTime());
    assertThat(millisOfNext(lease)).isGreaterThanOrEqualTo(NOW);
  }

  @Test
  void issuingStopsATenthBeforeTheLeaseEndsCountedFromTheRequest() {
    long asked = System.nanoTime() - LEASE.toNanos();

    assertThat(lease(0, NOW + HOUR, IdClock.unset(), asked + LEASE.toNanos() / 10).next())
        .isEqualTo(NodeLease.NONE);
    assertThat(lease(0, NOW + HOUR, IdClock.unset(), asked + LEASE.toNanos() / 2).next())
        .isNotEqualTo(NodeLease.NONE);
  }

  @Test
  void renewalByAClockThatWentBackNeitherStopsNorTurnsTheIds() {
    NodeLease lease = lease(0, NOW + HOUR, IdClock.unset());
    long before = lease.next();
    lease.extend(new Renewed(NOW + HOUR, micros(NOW - HOUR)), System.nanoTime(), System.nanoTime());

    long after = lease.next();
    assertThat(after).isGreaterThan(before);
    assertThat(SnowflakeIds.millisOf(after)).isLessThan(NOW + 1_000);
  }

  @Test
  void clockThatIsAheadIsHeldBackByAThousandth() {
    long start = System.nanoTime();
    NodeLease lease = lease(0, NOW + HOUR, IdClock.unset(), start);
    long later = start + Duration.ofSeconds(1_000).toNanos();
    lease.extend(new Renewed(NOW + HOUR, micros(NOW - HOUR)), later, System.nanoTime());

    assertThat(lease.millis()).isBetween(NOW - 1_000, NOW - 1);
  }

  @Test
  void renewalByAClockThatIsAheadIsFollowedAtOnce() {
    NodeLease lease = lease(0, NOW + 2 * HOUR, IdClock.unset());
    lease.extend(
        new Renewed(NOW + 2 * HOUR, micros(NOW + HOUR)), System.nanoTime(), System.nanoTime());

    assertThat(millisOfNext(lease)).isBetween(NOW + HOUR, NOW + HOUR + 1_000);
  }

  @Test
  void nextLeaseGoesOnWhereTheLastOneEnded() {
    NodeLease first = lease(0, NOW + 2 * HOUR, IdClock.unset());
    first.extend(
        new Renewed(NOW + 2 * HOUR, micros(NOW + HOUR)), System.nanoTime(), System.nanoTime());
    long issued = first.next();
    IdClock carried = first.revoke();
    NodeLease second = lease(0, NOW + 2 * HOUR, carried); // by a clock that went back an hour

    assertThat(carried.lastMillis()).isGreaterThanOrEqualTo(SnowflakeIds.millisOf(issued));
    assertThat(millisOfNext(second)).isGreaterThan(carried.lastMillis());
  }

  @Test
  void revokedLeaseStaysRevoked() {
    NodeLease lease = lease(0, NOW + HOUR, IdClock.unset());
    lease.revoke();
    lease.extend(new Renewed(NOW + HOUR, micros(NOW)), System.nanoTime(), System.nanoTime());

    assertThat(lease.next()).isEqualTo(NodeLease.NONE);
  }

  @Test
  void idIsReturnedNoEarlierThanItsMillisecond() {
    NodeLease lease = lease(0, NOW + HOUR, IdClock.unset());
    for (int n = 0; n < 20_000; n++) {
      assertThat(millisOfNext(lease)).isLessThanOrEqualTo(lease.millis());
    }
  }

  @Test
  void millisecondHasRoomFor4096Ids() {
    NodeLease lease = lease(0, NOW + HOUR, IdClock.unset());
    long first = millisOfNext(lease);
    for (int n = 1; n < 409_600; n++) {
      lease.next();
    }
    // The layout's bound: 409,600 ids cannot be had in less than about 100 ms.
    assertThat(millisOfNext(lease)).isGreaterThanOrEqualTo(first + 99);
  }
}
