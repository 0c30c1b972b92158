/**
 * Ids that are unique across shards without asking them: time-ordered UUIDs, UUIDs that carry their
 * slot, Snowflake numbers with a leased node id, and sequence numbers that carry their shard.
 */
@NullMarked
package dev.evenkeel.shard.id;

import org.jspecify.annotations.NullMarked;
