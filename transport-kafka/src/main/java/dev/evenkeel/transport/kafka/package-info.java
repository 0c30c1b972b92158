/**
 * Messages by Kafka. {@link dev.evenkeel.transport.kafka.KafkaTransport} sends what the relay
 * captured; {@link dev.evenkeel.transport.kafka.KafkaInbox} serves the handlers of a process as a
 * member of a consumer group. The records are those that Debezium's outbox event router makes: key
 * is the aggregate's id, value the payload, headers {@code id}, {@code type}, {@code version},
 * {@code created_at} and {@code headers}; and, from here only, CloudEvents in binary mode.
 */
@NullMarked
package dev.evenkeel.transport.kafka;

import org.jspecify.annotations.NullMarked;
