package dev.evenkeel.mutants;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs tests, each in a process of its own.
 *
 * @param root of the repository
 * @param seed of whatever the test draws
 * @param limit how long a test may take; then its process is ended, with all that it has started
 */
record TestRun(Path root, long seed, Duration limit) {

  /** As in the build. */
  private static final String HEAP = "-Xmx512m";

  /** What a test came to. */
  enum Outcome {
    GREEN,
    RED,
    /** No test was found or run to its end, or the process died. */
    NOTHING,
    /** It took longer than the limit. */
    OVERDUE
  }

  /**
   * What came of a run.
   *
   * @param failures what the test's failures say, with their causes
   * @param reached whether a mutated line was executed
   * @param log where the process's output is
   */
  record Result(Outcome outcome, String failures, boolean reached, Path log) {}

  /**
   * Runs the test.
   *
   * @param mutated classes that stand in for those of the build; null: none
   * @param directory for what the run leaves
   */
  Result run(Mutant.TestMethod test, @Nullable Path mutated, Path directory)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Path failures = directory.resolve("failures.txt");
    Path reached = directory.resolve("reached");
    Path log = directory.resolve("output.log");
    Files.deleteIfExists(failures);
    Files.deleteIfExists(reached);
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-Devenkeel.test.seed=" + seed,
                "-Devenkeel.test.postgres=" + System.getProperty("evenkeel.test.postgres", "18"),
                "-Djunit.jupiter.execution.parallel.enabled=false",
                "-cp",
                classPath(test.module(), mutated),
                TestMain.class.getName(),
                test.type(),
                test.method(),
                failures.toString())
            .directory(root.resolve(test.module()).toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put(Reached.FILE, reached.toString());
    Process process = builder.start();
    Outcome outcome;
    try {
      outcome =
          process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)
              ? outcome(process.exitValue())
              : Outcome.OVERDUE;
    } finally {
      end(process);
    }
    return new Result(
        outcome,
        Files.exists(failures) ? Files.readString(failures) : "",
        Files.exists(reached),
        log);
  }

  private static Outcome outcome(int exitValue) {
    return switch (exitValue) {
      case TestMain.GREEN -> Outcome.GREEN;
      case TestMain.RED -> Outcome.RED;
      default -> Outcome.NOTHING;
    };
  }

  /** With what it has started, which stays behind when it alone is ended. */
  private static void end(Process process) throws InterruptedException {
    List<ProcessHandle> started = process.descendants().toList();
    process.destroyForcibly().waitFor();
    started.forEach(ProcessHandle::destroyForcibly);
  }

  /** As Surefire has it, with the mutated classes in front and the launcher at the end. */
  private String classPath(String module, @Nullable Path mutated) throws IOException {
    String ofModule = String.join(File.pathSeparator, moduleClassPath(root, module));
    return (mutated == null ? "" : mutated + File.pathSeparator)
        + ofModule
        + File.pathSeparator
        + ownClassPath();
  }

  /** Of this process, wherever the test's process is started. */
  static String ownClassPath() {
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(System.getProperty("java.class.path"))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The module's test class path as the build wrote it down. */
  static List<String> moduleClassPath(Path root, String module) throws IOException {
    Path target = root.resolve(module).resolve("target");
    return List.of(
        target.resolve("test-classes").toString(),
        target.resolve("classes").toString(),
        Files.readString(target.resolve("test-classpath.txt")).strip());
  }
}
