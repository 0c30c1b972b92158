package dev.evenkeel.shard.lint;

/**
 * A column that exists.
 *
 * @param number its number in the table
 * @param name its name
 * @param quoted the name as SQL has to write it
 * @param type its type, as SQL writes it
 * @param canBeKey whether values of that type have a text that code and database agree on
 * @param temporal whether it is a date or time
 * @param generated whether it draws from a sequence
 */
record KeyColumn(
    int number,
    String name,
    String quoted,
    String type,
    boolean canBeKey,
    boolean temporal,
    boolean generated) {}
