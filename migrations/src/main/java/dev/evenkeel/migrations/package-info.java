/**
 * The framework's own schema and the one class that brings a database up to it.
 *
 * <p>The SQL is under {@code db/evenkeel/} on the class path. {@link
 * dev.evenkeel.migrations.SchemaMigration} runs it with Flyway, with a history table of its own, in
 * the installation's schema; a database administrator may run the same files by hand.
 */
@NullMarked
package dev.evenkeel.migrations;

import org.jspecify.annotations.NullMarked;
