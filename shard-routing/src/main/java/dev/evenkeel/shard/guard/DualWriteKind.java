package dev.evenkeel.shard.guard;

/** What was called inside a local transaction. */
public enum DualWriteKind {
  /** A send by a KafkaTemplate. */
  KAFKA("kafka"),
  /** A send by a RabbitTemplate. */
  RABBIT("rabbit"),
  /** A send by a JmsTemplate. */
  JMS("jms"),
  /** A call by a RestClient, WebClient or RestTemplate. */
  HTTP("http"),
  /** A connection of a data source that the transaction is not on. */
  DATA_SOURCE("data-source");

  private final String tag;

  DualWriteKind(String tag) {
    this.tag = tag;
  }

  /** The name in metrics: lower case, with hyphens. */
  public String tag() {
    return tag;
  }
}
