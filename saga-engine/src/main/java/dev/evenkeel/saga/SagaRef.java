package dev.evenkeel.saga;

/**
 * An instance by its key, also one that is not started yet.
 *
 * @param saga name of the saga
 * @param key text of the instance's key
 * @param shardKey text of the home shard's key
 */
public record SagaRef(String saga, String key, String shardKey) {

  public SagaRef {
    if (saga.isBlank() || key.isBlank() || shardKey.isBlank()) {
      throw new IllegalArgumentException(
          "A SagaRef needs saga, key and shard key, was (\"%s\", \"%s\", \"%s\")"
              .formatted(saga, key, shardKey));
    }
  }

  @Override
  public String toString() {
    return saga + " \"" + key + "\"";
  }
}
