package dev.evenkeel.relay;

/**
 * Where a polled row stands.
 *
 * @param until the transaction before which its window ends
 * @param position the row's; rows of a window are sent in this order
 */
record RingPosition(long until, long position) implements Place {}
