package dev.evenkeel.autoconfigure;

/** How messages travel from the relay to their handlers. */
enum TransportKind {
  /** Handlers run in the process whose relay leads. */
  IN_PROCESS,
  /** By Kafka; handlers run in every process, as members of a consumer group. */
  KAFKA
}
