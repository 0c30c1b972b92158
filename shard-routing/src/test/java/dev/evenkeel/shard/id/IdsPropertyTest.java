package dev.evenkeel.shard.id;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.shard.id.NodeLease.IdClock;
import dev.evenkeel.shard.id.SnowflakeNodeTable.Renewed;
import dev.evenkeel.shard.id.SnowflakeNodeTable.Taken;
import dev.evenkeel.shard.id.SnowflakeNodeTable.Tenure;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** What holds of ids whatever leases, clocks and slots do. */
class IdsPropertyTest {

  private static final Duration LEASE = Duration.ofMinutes(10);
  private static final long BEGIN = SnowflakeIds.FIRST_MILLIS + 1_000_000_000L;
  private static final long ROOM = Duration.ofDays(365).toMillis();

  /** What happens to a node id. */
  enum Kind {
    /** Its holder renews. */
    RENEW,
    /** Its holder lets go, and takes it again. */
    AGAIN,
    /** Its holder lets go, and another process takes it. */
    OTHER
  }

  /**
   * One of them.
   *
   * @param clock milliseconds by which the database's clock jumps before it
   * @param ids drawn after it
   */
  record Event(Kind kind, long clock, int ids) {}

  @Provide
  Arbitrary<List<Event>> events() {
    return Combinators.combine(
            Arbitraries.of(Kind.class),
            Arbitraries.longs().between(-3_600_000, 3_600_000),
            Arbitraries.integers().between(0, 300))
        .as(Event::new)
        .list()
        .ofMaxSize(20);
  }

  /** The present time of the database, which the test moves. */
  private static long micros(long millis) {
    return TimeUnit.MILLISECONDS.toMicros(millis);
  }

  private static NodeLease lease(long floor, long now, IdClock before) {
    return new NodeLease(
        new Taken(new Tenure(3, "of-a-test", 1), floor, BEGIN + ROOM, micros(now)),
        LEASE,
        before,
        System.nanoTime(),
        System.nanoTime());
  }

  @Property(tries = 100)
  void noIdComesTwiceAndThoseOfAProcessAscend(@ForAll("events") List<Event> events) {
    Set<Long> issued = new HashSet<>();
    long now = BEGIN;
    long latest = 0; // what the table keeps: no id of this node is later
    NodeLease lease = lease(0, now, IdClock.unset());
    long previous = 0;
    for (Event event : events) {
      now += event.clock();
      switch (event.kind()) {
        case RENEW ->
            lease.extend(
                new Renewed(BEGIN + ROOM, micros(now)), System.nanoTime(), System.nanoTime());
        case AGAIN -> {
          IdClock carried = lease.revoke();
          assertThat(lease.next()).isEqualTo(NodeLease.NONE);
          latest = carried.lastMillis();
          lease = lease(latest, now, carried);
        }
        case OTHER -> {
          latest = Math.max(latest, lease.revoke().lastMillis());
          now = Math.max(now, latest); // else it would wait, as it should, for the clock
          lease = lease(latest, now, IdClock.unset());
          previous = 0;
        }
      }
      for (int n = 0; n < event.ids(); n++) {
        long id = lease.next();
        assertThat(id).isGreaterThan(previous);
        assertThat(issued.add(id)).as("%d is new", id).isTrue();
        assertThat(SnowflakeIds.nodeOf(id)).isEqualTo(3);
        assertThat(SnowflakeIds.millisOf(id)).isGreaterThan(latest);
        previous = id;
      }
    }
  }

  @Property(tries = 2_000)
  void anyNumberSaysANodeAndAnInstant(@ForAll @LongRange(min = 0) long id) {
    assertThat(SnowflakeIds.nodeOf(id)).isBetween(0, 1_023);
    assertThat(SnowflakeIds.instantOf(id))
        .isBetween(SnowflakeIds.EPOCH, Instant.ofEpochMilli(SnowflakeIds.LAST_MILLIS));
    assertThat(SequenceIds.shardOrdinalOf(id)).isBetween(0, SequenceIds.SHARDS - 1);
  }

  @Property(tries = 2_000)
  void slotOfAnIdIsTheOneItWasMadeFor(
      @ForAll @IntRange(max = SlotHash.SLOTS - 1) int slot,
      @ForAll @IntRange(max = SlotHash.SLOTS - 1) int other) {
    UUID first = SlotIds.next(slot);
    UUID second = SlotIds.next(other);

    assertThat(SlotIds.slotOf(first)).isEqualTo(slot);
    assertThat(SlotIds.slotOf(second)).isEqualTo(other);
    assertThat(first).isNotEqualTo(second);
    assertThat(second.getMostSignificantBits() >>> 16)
        .isGreaterThanOrEqualTo(first.getMostSignificantBits() >>> 16);
  }
}
