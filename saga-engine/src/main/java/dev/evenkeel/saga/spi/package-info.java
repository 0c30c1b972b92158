/** What surrounds the engine and is made by others: the databases, and who is told what happens. */
@NullMarked
package dev.evenkeel.saga.spi;

import org.jspecify.annotations.NullMarked;
