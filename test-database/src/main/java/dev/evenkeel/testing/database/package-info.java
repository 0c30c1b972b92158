/**
 * A real PostgreSQL for tests and demonstrations, without a container engine.
 *
 * <p>{@link dev.evenkeel.testing.database.TestDatabase} hands out fresh databases on one server per
 * JVM; {@link dev.evenkeel.testing.database.PostgresServer} is a server of one's own, which can be
 * stopped hard and started again on the same data folder. Servers are the binaries that the zonky
 * project packs as Maven artifacts, driven by {@code initdb} and {@code pg_ctl} just as an operator
 * would.
 */
@NullMarked
package dev.evenkeel.testing.database;

import org.jspecify.annotations.NullMarked;
