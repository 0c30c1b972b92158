/** The database that the application brings along when none is configured. */
@NullMarked
package dev.evenkeel.sample.orders.database;

import org.jspecify.annotations.NullMarked;
