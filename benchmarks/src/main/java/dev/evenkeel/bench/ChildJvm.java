package dev.evenkeel.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Java process that answers a line with a line. It should end when its input does, so that it
 * does not outlive this one. One thread.
 */
final class ChildJvm implements AutoCloseable {

  private static final Duration LONGEST_END = Duration.ofSeconds(10);

  private final String name;
  private final Process process;
  private final BufferedReader answers;

  private ChildJvm(String name, Process process) {
    this.name = name;
    this.process = process;
    this.answers = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Starts a main class of this class path. */
  static ChildJvm start(List<String> options, Class<?> main, List<String> arguments)
      throws IOException {
    return start(options, System.getProperty("java.class.path"), main.getName(), arguments);
  }

  /**
   * Starts a process, whose errors go where this one's go.
   *
   * @param options the JVM's, such as {@code -Xmx1g}
   */
  static ChildJvm start(List<String> options, String classPath, String main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, main));
    command.addAll(arguments);
    return new ChildJvm(
        main.substring(main.lastIndexOf('.') + 1),
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /**
   * Says a line and waits for the next one of the process.
   *
   * @throws IOException when the process has ended
   */
  String ask(String line) throws IOException {
    process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
    return answer();
  }

  /**
   * Waits for the next line of the process.
   *
   * @throws IOException when the process has ended
   */
  String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("The process of %s has ended; its errors are above".formatted(name));
    }
    return line;
  }

  /**
   * Requires an answer.
   *
   * @throws IOException when it is another
   */
  void expect(String expected, String actual) throws IOException {
    if (!actual.equals(expected)) {
      throw new IOException(
          "The process of %s should answer \"%s\", was \"%s\"".formatted(name, expected, actual));
    }
  }

  /** Reads over lines until this one comes. */
  void await(String line) throws IOException {
    String next = answer();
    while (!next.equals(line)) {
      next = answer();
    }
  }

  Process process() {
    return process;
  }

  /** As by {@code kill -9}. */
  void kill() {
    process.destroyForcibly();
  }

  /** Ends its input, which it should take as a wish, and kills it when it does not. */
  @Override
  public void close() throws IOException, InterruptedException {
    process.getOutputStream().close();
    if (!process.waitFor(LONGEST_END.toMillis(), TimeUnit.MILLISECONDS)) {
      kill();
    }
  }
}
