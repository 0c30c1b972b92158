package dev.evenkeel.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code bin/prove --mutants}: puts each mutant before the test that must see it. */
final class MutantsMain {

  /** Same dice in every run, unless told otherwise. */
  private static final long SEED = 1;

  /** Many times what any of the tests takes. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private final TestRun tests;
  private final MutantCompiler compiler;
  private final Path target;
  private final Map<Mutant.TestMethod, TestRun.Result> unmutated = new HashMap<>();

  private MutantsMain(Path root, long seed) {
    this.tests = new TestRun(root, seed, LIMIT);
    this.compiler = new MutantCompiler(root);
    this.target = root.resolve(Path.of("mutants", "target", "mutants"));
  }

  /** Arguments: {@code [--seed N] [NAME...]}; without names all of them. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    long seed = SEED;
    List<String> names = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--seed") && i + 1 < arguments.length) {
        seed = Long.parseLong(arguments[++i]);
      } else {
        names.add(arguments[i]);
      }
    }
    List<Mutant> chosen = choose(names);
    MutantsMain main = new MutantsMain(Path.of("").toAbsolutePath(), seed);
    System.out.printf("Seed %d; what each run leaves is in mutants/target/mutants%n", seed);
    main.runUnmutated(chosen);
    int passed = 0;
    for (Mutant mutant : chosen) {
      passed += main.prove(mutant) ? 1 : 0;
    }
    int failed = chosen.size() - passed;
    System.out.printf("%d passed, %d failed%n", passed, failed);
    System.exit(failed == 0 ? 0 : 1);
  }

  private static List<Mutant> choose(List<String> names) {
    List<Mutant> all = Mutants.all();
    List<String> known = all.stream().map(Mutant::name).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        System.err.printf("There is no mutant %s; there are %s%n", name, String.join(", ", known));
        System.exit(2);
      }
    }
    return names.isEmpty() ? all : all.stream().filter(m -> names.contains(m.name())).toList();
  }

  /** Those of a module in one process: they are what the build runs, and nothing is wrong there. */
  private void runUnmutated(List<Mutant> mutants) throws IOException, InterruptedException {
    Map<String, List<Mutant.TestMethod>> byModule =
        mutants.stream()
            .map(Mutant::test)
            .distinct()
            .collect(
                Collectors.groupingBy(
                    Mutant.TestMethod::module, TreeMap::new, Collectors.toList()));
    for (Map.Entry<String, List<Mutant.TestMethod>> module : byModule.entrySet()) {
      long begin = System.nanoTime();
      Path directory = target.resolve("unmutated").resolve(module.getKey());
      clear(directory);
      unmutated.putAll(tests.run(module.getKey(), module.getValue(), null, directory));
      System.out.printf(
          "%d tests of %s without a mutant (%d s)%n",
          module.getValue().size(), module.getKey(), secondsSince(begin));
    }
  }

  private boolean prove(Mutant mutant) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    List<String> objections = objections(mutant);
    boolean passed = objections.isEmpty();
    System.out.printf(
        "%s %-26s %s: %s (%d s)%n",
        passed ? "passed" : "FAILED",
        mutant.name(),
        mutant.test(),
        mutant.invariant(),
        secondsSince(begin));
    objections.forEach(objection -> System.out.println("       " + objection));
    return passed;
  }

  private static long secondsSince(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin).toSeconds();
  }

  /** Why the mutant does not count as caught; empty when it does. */
  private List<String> objections(Mutant mutant) throws IOException, InterruptedException {
    Path directory = target.resolve(mutant.name());
    clear(directory);
    Path classes;
    try {
      classes = compiler.compile(mutant, directory);
    } catch (IllegalStateException e) {
      return List.of(String.valueOf(e.getMessage()));
    }
    Mutant.TestMethod test = mutant.test();
    TestRun.Result with =
        result(tests.run(test.module(), List.of(test), classes, directory.resolve("run")), test);
    TestRun.Result without = result(unmutated, test);
    List<String> objections = new ArrayList<>();
    if (with.outcome() != TestRun.Outcome.RED) {
      objections.add(
          "with the mutant the test came to %s, see %s".formatted(with.outcome(), with.log()));
    } else if (!with.failures().contains(mutant.invariant())) {
      objections.add("the test did not say which invariant is broken, see " + with.log());
    }
    if (!with.reached()) {
      objections.add("the mutated line was not executed");
    }
    if (without.outcome() != TestRun.Outcome.GREEN) {
      objections.add(
          "without the mutant the test came to %s, see %s"
              .formatted(without.outcome(), without.log()));
    }
    return objections;
  }

  private static TestRun.Result result(
      Map<Mutant.TestMethod, TestRun.Result> of, Mutant.TestMethod test) {
    return Objects.requireNonNull(of.get(test), "each test that is run has a result");
  }

  private static void clear(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> left = Files.walk(directory)) {
      for (Path path : left.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
