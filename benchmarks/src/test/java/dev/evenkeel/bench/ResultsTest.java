package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;

class ResultsTest {

  private final Results results = new Results();

  @Test
  void measurementIsTheMedianOfItsRounds() {
    results.add("a", "throughput", "events/s", 30);
    results.add("a", "throughput", "events/s", 10);
    results.add("a", "throughput", "events/s", 20);

    assertThat(results.measurements())
        .containsExactly(new Results.Measurement("a", "throughput", "events/s", 20, 10, 30, 3));
  }

  @Test
  void medianOfAnEvenNumberLiesBetweenTheMiddleTwo() {
    results.addRatio("a", 1);
    results.addRatio("a", 2);
    results.addRatio("a", 4);
    results.addRatio("a", 9);

    assertThat(results.ratios()).containsExactly(entry("a", 3.0));
  }

  @Test
  void targetIsMetAtItsBound() {
    assertThat(Results.Target.atLeast(0.85).isMetBy(0.85)).isTrue();
    assertThat(Results.Target.atLeast(0.85).isMetBy(0.84)).isFalse();
    assertThat(Results.Target.atMost(1.1).isMetBy(1.2)).isFalse();
  }

  @Test
  void figureIsTheMedianOfItsValuesAndNoRatio() {
    results.addFigure("routeLookupNanos", 90);
    results.addFigure("routeLookupNanos", 70);
    results.addFigure("routeLookupNanos", 80);

    assertThat(results.figures()).containsExactly(entry("routeLookupNanos", 80.0));
    assertThat(results.ratios()).isEmpty();
  }

  @Test
  void largeTargetIsReadable() {
    assertThat(Results.Target.atLeast(3_500_000)).hasToString(">= 3,500,000");
    assertThat(Results.Target.atLeast(0.97)).hasToString(">= 0.97");
  }

  @Test
  void missedTargetIsASentence() {
    Results results = new Results();
    results.target("outbox", Results.Target.atLeast(0.5));
    results.target("sagas", Results.Target.atLeast(0.4));
    results.target("not measured", Results.Target.atLeast(1));
    results.addRatio("outbox", 0.371);
    results.addRatio("sagas", 0.58);

    assertThat(results.missed()).containsExactly("outbox must be >= 0.5, was 0.371");
  }
}
