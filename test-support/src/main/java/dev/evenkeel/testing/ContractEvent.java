package dev.evenkeel.testing;

import dev.evenkeel.outbox.OutboxEvent;

/**
 * What {@link TransportContract} sends, as JSON. Transports that look types up register this class.
 *
 * @param key the order key's id
 * @param number place among the messages of its key, from 1
 */
@OutboxEvent(type = ContractEvent.TYPE, aggregateType = ContractEvent.AGGREGATE_TYPE, key = "key")
public record ContractEvent(String key, int number) {

  /** Its logical type. */
  public static final String TYPE = "evenkeel-contract-event";

  /** Its aggregate type. */
  public static final String AGGREGATE_TYPE = "evenkeel-contract";
}
