package dev.evenkeel.shard.lint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.evenkeel.outbox.SlotHash;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlotCountsTest {

  private static final long SAMPLE = ScanLimits.defaults().sampleRows();

  private final Random random = new Random(3);

  /** Draws the sample's rows of each slot and returns estimate over truth. */
  private double estimateOverTruth(double fraction, IntToDoubleFunction weight) {
    double[] weights = new double[SlotHash.SLOTS];
    Arrays.setAll(weights, weight);
    double sum = Arrays.stream(weights).sum();
    double truth = Arrays.stream(weights).max().orElseThrow() / sum;
    SlotCounts counts = new SlotCounts(fraction);
    for (int slot = 0; slot < weights.length; slot++) {
      double mean = SAMPLE * weights[slot] / sum;
      double deviation = Math.sqrt(mean * (1 - fraction));
      counts.add(slot, Math.round(mean + deviation * random.nextGaussian()));
    }
    return counts.slots().hottestShare() / truth;
  }

  /** In 95 % of samples at least, whatever part of the table they are. */
  private void assertWithinFivePercent(IntToDoubleFunction weight) {
    int samples = 200;
    for (double fraction : new double[] {0.001, 0.25, 0.5, 0.8}) {
      long within =
          DoubleStream.generate(() -> estimateOverTruth(fraction, weight))
              .limit(samples)
              .filter(ratio -> Math.abs(ratio - 1) <= 0.05)
              .count();
      assertThat(within).as("sampled %s", fraction).isGreaterThanOrEqualTo(samples * 95 / 100);
    }
  }

  @Test
  void defaultSampleIsWithinFivePercentWhereAllSlotsAreAlike() {
    assertWithinFivePercent(slot -> 1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.005, 0.01, 0.015, 0.02, 0.03, 0.1, 0.5})
  void defaultSampleIsWithinFivePercentWhereSlotsDiffer(double deviation) {
    assertWithinFivePercent(slot -> Math.exp(deviation * random.nextGaussian()));
  }

  @Test
  void defaultSampleIsWithinFivePercentWhereOneSlotStandsOut() {
    assertWithinFivePercent(slot -> slot == 17 ? 1.15 : 1);
    assertWithinFivePercent(slot -> Math.pow(slot + 1, -1.1));
  }

  @Test
  void wholeTableIsExact() {
    SlotCounts counts = new SlotCounts(1);
    counts.add("a", 3);
    counts.add("b", 1);
    counts.add(null, 4);
    counts.add(" ", 2);

    assertThat(counts.rows()).isEqualTo(new ColumnFigures.Rows(10, 10, false, 6));
    assertThat(counts.values()).isEqualTo(new ColumnFigures.Values(2, 2, "a", 0.75));
    assertThat(counts.slots())
        .isEqualTo(new ColumnFigures.Slots(SlotHash.slotOf("a"), 0.75, 0.75 * 4096, 0));
  }

  @Test
  void numberOfValuesIsEstimatedFromThoseSeenOnce() {
    SlotCounts unique = new SlotCounts(0.1);
    SlotCounts repeated = new SlotCounts(0.1);
    for (int n = 0; n < 1_000; n++) {
      unique.add("v" + n, 1);
      repeated.add("v" + n, 10);
    }

    assertThat(unique.values().distinct()).isCloseTo(10_000, withinPercentage(1));
    assertThat(unique.values().rowsPerValue()).isCloseTo(1, within(0.01));
    assertThat(repeated.values().distinct()).isEqualTo(1_000);
    assertThat(repeated.values().rowsPerValue()).isCloseTo(100, within(0.01));
  }

  @Test
  void longValuesAreCut() {
    SlotCounts counts = new SlotCounts(1);
    counts.add("x".repeat(1_000), 1);

    assertThat(counts.values().hottest()).hasSize(100);
  }
}
