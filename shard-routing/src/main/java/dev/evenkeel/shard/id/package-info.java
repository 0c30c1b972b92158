/**
 * Ids that are unique across shards without asking them.
 *
 * <p>{@link dev.evenkeel.shard.id.TimeOrderedIds}: UUIDs of version 7, the default. {@link
 * dev.evenkeel.shard.id.SlotIds}: the same with the slot inside. {@link
 * dev.evenkeel.shard.id.SequenceIds}: sequence numbers that carry their shard. {@link
 * dev.evenkeel.shard.id.SnowflakeIds}: 41 bits of milliseconds, 10 of a node id, 12 of a counter
 * (Twitter's Snowflake, 2010), with the node id leased from the table {@code snowflake_node}:
 *
 * <ol>
 *   <li><b>Ceiling.</b> Each node id has one in the table, and no id of that node carries a later
 *       millisecond. A holder commits the ceiling before it issues below it; the next holder issues
 *       beyond it only. This alone keeps ids apart: it compares numbers that are stored, so no
 *       clock, pause, kill or lost answer can undo it. An id made before a SIGSTOP and returned
 *       hours later lies below the ceiling of its lease, and its successor's ids lie above.
 *   <li><b>Lease.</b> By the database's clock only, thirty seconds, renewed every third. It decides
 *       when a node id may be taken again, which is a question of supply, not of uniqueness: should
 *       the database's clock leap ahead and hand a node id on too early, its two holders issue on
 *       different sides of the ceiling.
 *   <li><b>Take.</b> Of the rows whose lease has ended and whose ceiling has passed, the one with
 *       the lowest ceiling, {@code SKIP LOCKED}: holder, epoch + 1, lease and ceiling in one
 *       durable transaction. A row whose ceiling lies ahead (the database's clock went back) is
 *       left alone until time has caught up.
 *   <li><b>Renewal.</b> {@code WHERE id AND holder AND epoch}; zero rows means that somebody else
 *       has it, and another node id is taken. A lease that ended with nobody taking it is renewed:
 *       its epoch says that it is still ours. Whether a renewal that got no answer was committed
 *       does not matter: the ceiling in the table is then higher than the one we keep to.
 *   <li><b>Time</b> of an id: the database's at the last answer, plus {@code System.nanoTime()}
 *       since; never the wall clock. A renewal corrects it forwards at once, backwards by at most a
 *       thousandth of the time since the last renewal, and an id never precedes the one before.
 *       Where it is ahead of the database, ceilings follow it.
 *   <li><b>Stop.</b> Issuing ends a tenth before the lease does, counted by {@code nanoTime} from
 *       before the request was sent. That keeps the time in ids honest after a pause, and an
 *       expired process from going on for ever.
 *   <li><b>End.</b> {@code close} stops issuing, then draws one more number; its millisecond, which
 *       no issued id exceeds, becomes the ceiling, so that the node id is free at once.
 * </ol>
 *
 * <p>What it relies on: the catalogue forgets no commit. A standby that is promoted without the
 * last ceilings can hand out a node id whose holder it does not know.
 */
@NullMarked
package dev.evenkeel.shard.id;

import org.jspecify.annotations.NullMarked;
