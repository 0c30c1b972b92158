/**
 * A transaction knows its database: keys become slots, slots lie on shards, and a transaction is
 * bound to one slot from before its beginning to its end.
 *
 * <p>{@link dev.evenkeel.outbox.SlotHash} turns a key into one of 4,096 slots, for ever; the {@link
 * dev.evenkeel.shard.SlotMap} says on which shard a slot lies now. The map is kept on one database,
 * the catalogue, and cached by every node.
 */
@NullMarked
package dev.evenkeel.shard;

import org.jspecify.annotations.NullMarked;
