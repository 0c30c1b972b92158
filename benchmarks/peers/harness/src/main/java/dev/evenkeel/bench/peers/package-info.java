/** A process that runs an outbox and obeys what {@code bin/bench} says to it. */
@NullMarked
package dev.evenkeel.bench.peers;

import org.jspecify.annotations.NullMarked;
