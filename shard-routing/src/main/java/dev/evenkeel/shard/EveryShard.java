package dev.evenkeel.shard;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a fan-out brought.
 *
 * @param answers by shard
 * @param failures by shard, of those that did not answer
 */
public record EveryShard<T extends @Nullable Object>(
    Map<String, T> answers, Map<String, RuntimeException> failures) {

  public EveryShard {
    answers = Collections.unmodifiableMap(new LinkedHashMap<>(answers)); // an answer may be null
    failures = Map.copyOf(failures);
  }

  /**
   * The answers of all shards.
   *
   * @throws ShardUnavailableException naming the shards that did not answer
   */
  public List<T> all() {
    if (!failures.isEmpty()) {
      Map.Entry<String, RuntimeException> first = failures.entrySet().iterator().next();
      throw new ShardUnavailableException(
          "Shards %s did not answer: %s"
              .formatted(failures.keySet(), first.getValue().getMessage()),
          first.getValue());
    }
    return available();
  }

  /** The answers of those shards that answered. */
  public List<T> available() {
    return Collections.unmodifiableList(new ArrayList<>(answers.values()));
  }
}
