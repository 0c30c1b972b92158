package dev.evenkeel.relay;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a relay asks about its place among the relays of other shards, on its own threads. */
interface Placement {

  /** The relay of a single installation: takes what is free and keeps it. */
  Placement ALONE =
      new Placement() {
        @Override
        public void sees(@Nullable String leader) {}

        @Override
        public Duration leaves(@Nullable String lastLeader) {
          return Duration.ZERO;
        }

        @Override
        public boolean wishes() {
          return false;
        }

        @Override
        public boolean offers() {
          return false;
        }

        @Override
        public boolean gives() {
          return false;
        }
      };

  /** Who leads, this node included; null: nobody knows, or this node's term is over. */
  void sees(@Nullable String leader);

  /**
   * The lease is free. From zero on this node counts as the leader, until {@link #sees} tells
   * another outcome.
   *
   * @param lastLeader who let go of it; null when nobody ever led
   * @return how long it is still left to others; zero: take it now
   */
  Duration leaves(@Nullable String lastLeader);

  /** Whether to let the leader know that this node, which could lead, should have the shard. */
  boolean wishes();

  /** Whether this leader is to look for a node with such a wish. */
  boolean offers();

  /** The wish is there: whether to give the shard back. From true on this node does so. */
  boolean gives();
}
