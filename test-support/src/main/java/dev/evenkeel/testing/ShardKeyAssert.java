package dev.evenkeel.testing;

import dev.evenkeel.shard.lint.ColumnReport;
import dev.evenkeel.shard.lint.Reason;
import dev.evenkeel.shard.lint.Verdict;
import java.util.Arrays;
import org.assertj.core.api.AbstractAssert;

/**
 * Asserts on a column as shard key. Failures show reasons and figures. Begins with {@link
 * ShardKeys#assertThat}.
 */
public final class ShardKeyAssert extends AbstractAssert<ShardKeyAssert, ColumnReport> {

  ShardKeyAssert(ColumnReport actual) {
    super(actual, ShardKeyAssert.class);
  }

  /** Nothing speaks against the column, not even a warning. */
  public ShardKeyAssert isSuitable() {
    return hasVerdict(Verdict.SUITABLE);
  }

  /** The column is no shard key. */
  public ShardKeyAssert isUnsuitable() {
    return hasVerdict(Verdict.UNSUITABLE);
  }

  /**
   * The column is no shard key, for these reasons at least.
   *
   * @param kinds reasons that make it unsuitable; warnings are not among them
   */
  public ShardKeyAssert isUnsuitableBecause(Reason.Kind... kinds) {
    isUnsuitable();
    return hasReasons(Verdict.UNSUITABLE, kinds);
  }

  /**
   * The column can be a shard key, with these warnings at least.
   *
   * @param kinds reasons that warn
   */
  public ShardKeyAssert hasWarnings(Reason.Kind... kinds) {
    hasVerdict(Verdict.WARNING);
    return hasReasons(Verdict.WARNING, kinds);
  }

  /** The column has this verdict, the worst of its reasons. */
  public ShardKeyAssert hasVerdict(Verdict verdict) {
    isNotNull();
    if (actual.verdict() != verdict) {
      failWithMessage("%nExpecting shard key to be %s, but:%n%s", verdict, actual.describe());
    }
    return this;
  }

  private ShardKeyAssert hasReasons(Verdict severity, Reason.Kind... kinds) {
    for (Reason.Kind kind : kinds) {
      if (actual.reasons().stream()
          .noneMatch(reason -> reason.kind() == kind && reason.severity() == severity)) {
        failWithMessage(
            "%nExpecting shard key to be %s because of %s, but:%n%s",
            severity, Arrays.toString(kinds), actual.describe());
      }
    }
    return this;
  }
}
