package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.delivery.InboxLanes;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.Leadership;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One partition, for one assignment to this process: what it brought, how far it is done, and the
 * fence under which its messages are parked. Used by the polling thread; finished by the lanes'.
 */
final class PartitionFeed {

  private final TopicPartition partition;
  private final Fence fence;
  private final InboxLanes.Feed lanes;
  private final OffsetTracker offsets;
  private volatile boolean revoked;
  private volatile @Nullable Throwable failure;
  private long committed = -1;

  PartitionFeed(
      TopicPartition partition,
      Fence fence,
      InboxLanes allLanes,
      InFlightBudget budget,
      BooleanSupplier memberAlive) {
    this.partition = partition;
    this.fence = fence;
    this.offsets = new OffsetTracker(budget);
    this.lanes =
        allLanes.open(
            new Leadership() {
              @Override
              public long epoch() {
                return fence.epoch();
              }

              @Override
              public Fence fence() {
                return fence;
              }

              @Override
              public void fencedOut() {
                failure = new IllegalStateException("another owner has claimed it");
              }

              @Override
              public boolean mayDispatch() {
                return !revoked && failure == null && memberAlive.getAsBoolean();
              }
            });
  }

  TopicPartition partition() {
    return partition;
  }

  Fence fence() {
    return fence;
  }

  /** Hands a message to the lanes. */
  void take(long offset, OutboxMessage message) {
    OffsetTracker.Entry entry = offsets.add(offset, message.payload().length);
    lanes.send(
        message,
        new Acknowledgement() {
          @Override
          public void acknowledge() {
            entry.done();
          }

          @Override
          public void fail(Throwable cause) {
            failure = cause;
          }
        });
  }

  /** A record that needs nothing done. */
  void skip(long offset) {
    offsets.add(offset, 0).done();
  }

  /** Why the partition can't go on here; null while it can. */
  @Nullable Throwable failure() {
    return failure;
  }

  int open() {
    return offsets.open();
  }

  /** What is to be committed and was not yet. */
  OptionalLong uncommitted() {
    OptionalLong position = offsets.position();
    return position.isPresent() && position.getAsLong() > committed
        ? position
        : OptionalLong.empty();
  }

  void committed(long position) {
    committed = Math.max(committed, position);
  }

  /** Begins nothing more. */
  void revoke() {
    revoked = true;
  }

  /** Waits for deliveries under way, whose offsets then can be committed. */
  boolean awaitRest(Duration atMost) throws InterruptedException {
    return lanes.awaitRest(atMost);
  }

  /** Drops what waits: it was not committed, so the partition's next owner gets it. */
  void close() {
    revoked = true;
    lanes.close();
    offsets.drop();
  }
}
