package dev.evenkeel.shard.lint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyJudgeTest {

  private static final KeyColumn COLUMN =
      new KeyColumn(1, "customer_id", "customer_id", "bigint", true, false, false);

  private static ColumnReport judge(int shards, long distinct, double hottestSlotShare) {
    return KeyJudge.judge(
        LinterOptions.forShards(shards),
        COLUMN,
        new ColumnFigures(
            new ColumnFigures.Rows(1_000_000, 1_000_000, false, 0),
            new ColumnFigures.Values(distinct, 1_000_000.0 / distinct, "7", 0.0001),
            new ColumnFigures.Slots(5, hottestSlotShare, hottestSlotShare * 4096, 0),
            new ColumnFigures.Order(0.1, false, false),
            new ColumnFigures.Writes(null, List.of("orders", "payment"), true, false)));
  }

  @Test
  void moreShardsNeedMoreValues() {
    assertThat(judge(10, 1_000, 0.002).verdict()).isEqualTo(Verdict.SUITABLE);
    ColumnReport report = judge(11, 1_000, 0.002);
    assertThat(report.verdict()).isEqualTo(Verdict.UNSUITABLE);
    assertThat(report.reasons().get(0).message())
        .isEqualTo(
            "1,000 different values are fewer than the 1,100 that 11 shards need (100 each): they can't be spread evenly, and further shards would stay empty");
  }

  @Test
  void slotMayHoldAQuarterOfAShard() {
    assertThat(judge(4, 100_000, 0.0625).verdict()).isEqualTo(Verdict.SUITABLE);
    ColumnReport report = judge(4, 100_000, 0.0626);
    assertThat(report.reasons())
        .singleElement()
        .isEqualTo(
            new Reason(
                Reason.Kind.HOT_SLOT,
                Verdict.UNSUITABLE,
                "Slot 5 holds 6.26 % of the rows (value \"7\" alone 0.01 %), more than the 6.25 % allowed with 4 shards of 25.0 % each: a slot can't be split, so its shard stays hot"));
  }

  @Test
  void slotSlightlyAboveTheMeanIsAllowedWithAnyNumberOfShards() {
    assertThat(judge(1024, 500_000, 1.2 / 4096).verdict()).isEqualTo(Verdict.SUITABLE);
    assertThat(judge(1024, 500_000, 2.1 / 4096).verdict()).isEqualTo(Verdict.UNSUITABLE);
  }

  @Test
  void unknownWritesAreNoReason() {
    assertThat(judge(3, 1_000, 0.002).reasons())
        .singleElement()
        .satisfies(
            reason ->
                assertThat(reason.message())
                    .endsWith(
                        "an unknown share of the schema's writes carry it (orders, payment)"));
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LinterOptions.forShards(0))
        .withMessage("shards must be between 1 and 1024, was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KeyThresholds(100, 0, 1.5, 0.5, 0.9))
        .withMessage("slotShare must be above 0 and at most 1, was 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KeyThresholds(100, 0.25, 0.5, 0.5, 0.9))
        .withMessage("rowsPerValue must be at least 1, was 0.5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KeyThresholds(100, 0.25, 1.5, Double.NaN, 0.9))
        .withMessage("writeShare must be between 0 and 1, was NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ScanLimits(1, 1_000, Duration.ofHours(2)))
        .withMessage("timeout must be between PT0.1S and PT1H, was PT2H");
  }
}
