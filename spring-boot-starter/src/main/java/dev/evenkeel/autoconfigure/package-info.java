/**
 * Evenkeel in a Spring Boot application with one database: properties under {@code evenkeel.*},
 * schema migration before everything that uses the database, outbox, inbox and relay as beans,
 * meters, health and an actuator endpoint.
 *
 * <p>Order at start: options are checked → the schema is migrated → the application's own
 * migrations and JPA → handlers are collected → consumers are registered → the relay starts, last
 * of all. At stop the relay ends first.
 */
@NullMarked
package dev.evenkeel.autoconfigure;

import org.jspecify.annotations.NullMarked;
