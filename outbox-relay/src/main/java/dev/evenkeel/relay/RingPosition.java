package dev.evenkeel.relay;

/**
 * Where a row stands that was read from the ring.
 *
 * @param window S of its window: the rows that S sees and H does not
 * @param position the row's; rows of a window are sent in this order
 */
record RingPosition(PgSnapshot window, long position) implements Place {}
