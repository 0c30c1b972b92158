package dev.evenkeel.bench;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Statistics;

/**
 * Hot paths with JMH: the average time of a call on one thread. A round is a fork of the JVM, five
 * iterations of a second after three to warm up.
 */
final class JmhScenario implements Scenario {

  static final String NAME = "jmh";

  private static final int WARM_UP = 3;
  private static final int ITERATIONS = 5;
  private static final String BENCHMARKS = "dev\\.evenkeel\\..*Benchmark\\.";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    OptionsBuilder builder = new OptionsBuilder();
    Set<String> patterns = options.parts().isEmpty() ? Set.of(BENCHMARKS) : options.parts();
    patterns.forEach(builder::include);
    // Trials are short; a second is long enough for what takes microseconds.
    long millis = Math.min(1_000, options.duration().toMillis());
    Collection<RunResult> measured =
        new Runner(
                builder
                    .mode(Mode.AverageTime)
                    .timeUnit(TimeUnit.NANOSECONDS)
                    .forks(options.rounds())
                    .warmupIterations(WARM_UP)
                    .warmupTime(TimeValue.milliseconds(millis))
                    .measurementIterations(ITERATIONS)
                    .measurementTime(TimeValue.milliseconds(millis))
                    .shouldFailOnError(true)
                    .build())
            .run();
    measured.forEach(result -> add(result, results));
  }

  private static void add(RunResult result, Results results) {
    BenchmarkParams params = result.getParams();
    List<String> words = List.of(params.getBenchmark().split("\\.", -1));
    String type = words.get(words.size() - 2).replace("Benchmark", "").toLowerCase(Locale.ROOT);
    StringBuilder name = new StringBuilder(type + "/" + words.get(words.size() - 1));
    params
        .getParamsKeys()
        .forEach(key -> name.append(", ").append(key).append('=').append(params.getParam(key)));
    Statistics statistics = result.getPrimaryResult().getStatistics();
    for (double percentile : new double[] {0, 50, 100}) {
      results.add(name.toString(), "time", "ns/call", statistics.getPercentile(percentile));
    }
  }
}
