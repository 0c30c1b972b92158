package dev.evenkeel.outbox;

/**
 * What order is kept by: all messages of one aggregate, in the order their transactions committed.
 */
public record OrderKey(String aggregateType, String aggregateId) {

  @Override
  public String toString() {
    return aggregateType + "/" + aggregateId;
  }
}
