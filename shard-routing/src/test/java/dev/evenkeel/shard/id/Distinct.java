package dev.evenkeel.shard.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

/** Millions of ids, compared without a box around each. */
final class Distinct {

  private Distinct() {}

  /** Sorts the ids, and fails with the first that is there twice. */
  static void assertDistinct(long[] ids) {
    Arrays.sort(ids);
    for (int i = 1; i < ids.length; i++) {
      if (ids[i] == ids[i - 1]) {
        assertThat(ids[i])
            .as(
                "issued twice, node %d at %s",
                SnowflakeIds.nodeOf(ids[i]), SnowflakeIds.instantOf(ids[i]))
            .isNotEqualTo(ids[i - 1]);
      }
    }
  }
}
