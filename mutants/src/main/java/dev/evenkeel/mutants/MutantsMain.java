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
import java.util.stream.Stream;

/** {@code bin/prove --mutants}: puts each mutant before the test that must see it. */
final class MutantsMain {

  /** Same dice in every run, unless told otherwise. */
  private static final long SEED = 1;

  /** Many times what any of the tests takes. */
  private static final Duration LIMIT = Duration.ofMinutes(3);

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

  private boolean prove(Mutant mutant) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    List<String> objections = objections(mutant);
    long seconds = Duration.ofNanos(System.nanoTime() - begin).toSeconds();
    boolean passed = objections.isEmpty();
    System.out.printf(
        "%-6s %-32s %s: \"%s\" (%d s)%n",
        passed ? "passed" : "FAILED", mutant.name(), mutant.test(), mutant.invariant(), seconds);
    objections.forEach(objection -> System.out.println("       " + objection));
    return passed;
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
    TestRun.Result with = tests.run(mutant.test(), classes, directory.resolve("with"));
    TestRun.Result without = unmutated.get(mutant.test());
    if (without == null) {
      without = tests.run(mutant.test(), null, directory.resolve("without"));
      unmutated.put(mutant.test(), without);
    }
    List<String> objections = new ArrayList<>();
    if (with.outcome() != TestRun.Outcome.RED) {
      objections.add("with the mutant the test was %s, see %s".formatted(with.outcome(), with.log()));
    } else if (!with.failures().contains(mutant.invariant())) {
      objections.add(
          "the test failed and did not say which invariant is broken, see " + with.log());
    }
    if (!with.reached()) {
      objections.add("the mutated line was not executed");
    }
    if (without.outcome() != TestRun.Outcome.GREEN) {
      objections.add(
          "without the mutant the test was %s, see %s".formatted(without.outcome(), without.log()));
    }
    return objections;
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
