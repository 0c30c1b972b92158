package dev.evenkeel.relay;

/** Where a message stands in what a leader reads. */
sealed interface Place permits StreamPosition, RingPosition {}
