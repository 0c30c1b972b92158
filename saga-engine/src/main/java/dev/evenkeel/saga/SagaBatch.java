package dev.evenkeel.saga;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a decision about many instances.
 *
 * @param done instances it was stored for
 * @param refused instances in whose state it made no sense
 * @param examples why, of the first ten that refused
 * @param next {@code after} of the next call, which goes on behind these; null when these were all
 * @param missing home shards that did not answer
 */
public record SagaBatch(
    int done, int refused, List<String> examples, @Nullable String next, List<String> missing) {

  /** Most instances that one call decides about. */
  public static final int MOST = 1_000;

  public SagaBatch {
    examples = List.copyOf(examples);
    missing = List.copyOf(missing);
  }
}
