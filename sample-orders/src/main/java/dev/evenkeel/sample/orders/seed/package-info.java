/** What a new installation starts with. */
@NullMarked
package dev.evenkeel.sample.orders.seed;

import org.jspecify.annotations.NullMarked;
