/** Hot paths, measured one by one with JMH. {@code bin/bench jmh} runs them. */
@NullMarked
package dev.evenkeel.bench.jmh;

import org.jspecify.annotations.NullMarked;
