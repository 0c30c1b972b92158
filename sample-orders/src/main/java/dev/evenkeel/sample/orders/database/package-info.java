/** The shards that the application brings along when no database is configured. */
@NullMarked
package dev.evenkeel.sample.orders.database;

import org.jspecify.annotations.NullMarked;
