/**
 * The dual-write guard: finds calls that leave the process, or reach another database, while a
 * local database transaction is open.
 *
 * <p>Such a call and the transaction do not commit together: a crash or a rollback between the two
 * leaves one without the other. {@link dev.evenkeel.shard.guard.DualWriteGuard} decides; bean
 * post-processors put a check in front of clients:
 *
 * <ul>
 *   <li>{@link dev.evenkeel.shard.guard.TemplateGuard}: sends of Kafka, Rabbit and JMS templates;
 *   <li>{@link dev.evenkeel.shard.guard.RestClientGuard} and {@link
 *       dev.evenkeel.shard.guard.WebClientGuard}: HTTP calls;
 *   <li>{@link dev.evenkeel.shard.guard.DataSourceGuard}: connections of a second data source.
 * </ul>
 *
 * <p>What is open is read from the resources that Spring binds to the thread, not from its flags:
 * while a second transaction begins, the flags of the first are put away, its connection is not.
 */
@NullMarked
package dev.evenkeel.shard.guard;

import org.jspecify.annotations.NullMarked;
