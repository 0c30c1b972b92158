package dev.evenkeel.shard.lint;

/**
 * A table that exists.
 *
 * @param oid its number in the catalogue
 * @param schema its schema
 * @param name its name
 * @param quoted both, as SQL has to write them
 */
record KeyTable(long oid, String schema, String name, String quoted) {}
