package dev.evenkeel.mutants;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs tests in processes of their own.
 *
 * @param root of the repository
 * @param seed of whatever a test draws
 * @param limit how long a test may take; then its process is ended, with all that it has started
 */
record TestRun(Path root, long seed, Duration limit) {

  /** As in the build, and for a few seconds only. */
  private static final List<String> JVM = List.of("-Xmx512m", "-XX:TieredStopAtLevel=1");

  /** What a test came to. */
  enum Outcome {
    GREEN,
    RED,
    /**
     * It was not found or not run to its end, or the process died or took longer than the limit.
     */
    NOTHING
  }

  /**
   * What came of a test.
   *
   * @param failures what its failures say, with their causes
   * @param reached whether a mutated line was executed
   * @param log where the process's output is
   */
  record Result(Outcome outcome, String failures, boolean reached, Path log) {}

  /**
   * Runs tests of one module, one after the other.
   *
   * @param mutated classes that stand in for those of the build; null: none
   * @param directory for what the run leaves
   */
  Map<Mutant.TestMethod, Result> run(
      String module, List<Mutant.TestMethod> tests, @Nullable Path mutated, Path directory)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Path reached = directory.resolve("reached");
    Path log = directory.resolve("output.log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM);
    command.add("-Devenkeel.test.seed=" + seed);
    command.add("-Devenkeel.test.postgres=" + System.getProperty("evenkeel.test.postgres", "18"));
    command.add("-Djunit.jupiter.execution.parallel.enabled=false");
    command.add("-cp");
    command.add(classPath(module, mutated));
    command.add(TestMain.class.getName());
    command.add(directory.toString());
    tests.forEach(test -> command.add(test.id()));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(root.resolve(module).toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put(Reached.FILE, reached.toString());
    Process process = builder.start();
    try {
      process.waitFor(limit.multipliedBy(tests.size()).toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      end(process);
    }
    Map<Mutant.TestMethod, Result> results = new HashMap<>();
    for (Mutant.TestMethod test : tests) {
      results.put(test, result(directory.resolve(test.id()), Files.exists(reached), log));
    }
    return results;
  }

  private static Result result(Path verdict, boolean reached, Path log) throws IOException {
    List<String> lines = Files.exists(verdict) ? Files.readAllLines(verdict) : List.of();
    String first = lines.isEmpty() ? "" : lines.get(0);
    Outcome outcome =
        switch (first) {
          case TestMain.GREEN -> Outcome.GREEN;
          case TestMain.RED -> Outcome.RED;
          default -> Outcome.NOTHING;
        };
    return new Result(outcome, String.join("\n", lines), reached, log);
  }

  /** With what it has started, which stays behind when it alone is ended. */
  private static void end(Process process) throws InterruptedException {
    List<ProcessHandle> started = process.descendants().toList();
    process.destroyForcibly().waitFor();
    started.forEach(ProcessHandle::destroyForcibly);
  }

  /** As Surefire has it, with the mutated classes in front and the launcher at the end. */
  private String classPath(String module, @Nullable Path mutated) throws IOException {
    List<String> entries = new ArrayList<>();
    if (mutated != null) {
      entries.add(mutated.toString());
    }
    entries.add(moduleClassPath(root, module));
    entries.add(ownClassPath());
    return String.join(File.pathSeparator, entries);
  }

  /** Of this process, wherever another one is started. */
  static String ownClassPath() {
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(System.getProperty("java.class.path"))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The module's test class path as the build wrote it down. */
  static String moduleClassPath(Path root, String module) throws IOException {
    Path target = root.resolve(module).resolve("target");
    return String.join(
        File.pathSeparator,
        target.resolve("test-classes").toString(),
        target.resolve("classes").toString(),
        Files.readString(target.resolve("test-classpath.txt")).strip());
  }
}
