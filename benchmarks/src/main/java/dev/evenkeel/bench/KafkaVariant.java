package dev.evenkeel.bench;

/** What sends to Kafka. */
enum KafkaVariant {
  /** JDBC, Debezium's engine and a producer, nothing else. */
  REFERENCE,
  /** The framework's outbox, relay and Kafka transport. */
  EVENKEEL;

  String label() {
    return this == REFERENCE ? "reference" : "evenkeel";
  }

  /** The pipeline whose tables and writers this one uses. */
  Pipeline writingTo(BenchDatabase database) {
    return switch (this) {
      case REFERENCE -> new ReferencePipeline(database);
      case EVENKEEL -> new EvenkeelPipeline(database, EvenkeelPipeline.Consumer.NO_OP);
    };
  }
}
