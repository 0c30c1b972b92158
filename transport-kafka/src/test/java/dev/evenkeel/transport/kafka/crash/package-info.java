/**
 * Processes that send to Kafka and receive from it, and are killed or suspended at its boundaries.
 *
 * <p>Each process is the application of the public API alone: outbox, relay, {@code
 * KafkaTransport}, {@code KafkaInbox}. Its boundaries are reached through decorators: of the
 * transport, of PostgreSQL's driver, whose statements are recognised by their text, and by Kafka's
 * own interceptors. A {@code Cell} of {@code KillGridIT} is one boundary, before or after, once or
 * twice, killed or suspended. {@code Oracle} judges by the application's tables, by what a plain
 * consumer finds in the topic, and by a journal of every attempt; it knows nothing of the
 * framework.
 */
@NullMarked
package dev.evenkeel.transport.kafka.crash;

import org.jspecify.annotations.NullMarked;
