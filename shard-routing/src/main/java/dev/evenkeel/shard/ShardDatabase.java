package dev.evenkeel.shard;

import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * One shard's servers.
 *
 * @param name lower-case letters, digits and hyphens; stable for ever, because the slot map says it
 * @param primary takes the writes
 * @param replica for read-only transactions that ask for it; null when there is none
 */
public record ShardDatabase(String name, DataSource primary, @Nullable DataSource replica) {}
