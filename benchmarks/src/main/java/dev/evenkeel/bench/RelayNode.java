package dev.evenkeel.bench;

import dev.evenkeel.relay.RelayState;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A process of {@link RelayNodeMain}. */
final class RelayNode implements AutoCloseable {

  private static final Duration LONGEST = Duration.ofSeconds(60);

  private final String name;
  private final Path attempts;
  private final ChildJvm process;
  private final Map<RelayState, Long> reached = new ConcurrentHashMap<>();
  private volatile @Nullable RelayState state;

  private RelayNode(String name, Path attempts, ChildJvm process) {
    this.name = name;
    this.attempts = attempts;
    this.process = process;
    Thread reader = new Thread(this::readStates, name);
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts one.
   *
   * @param folder for the file with its attempts
   */
  static RelayNode start(String name, DatabaseInfo database, Path folder) throws IOException {
    Path attempts = folder.resolve(name);
    return new RelayNode(
        name,
        attempts,
        ChildJvm.start(
            List.of("-Xmx512m"),
            RelayNodeMain.class,
            List.of(
                name,
                database.name(),
                database.jdbcUrl(),
                database.username(),
                database.password(),
                attempts.toString())));
  }

  private void readStates() {
    try {
      while (true) {
        RelayState next = RelayState.valueOf(process.answer());
        reached.put(next, Attempt.now());
        state = next;
      }
    } catch (IOException e) {
      state = null; // the process has ended
    }
  }

  String name() {
    return name;
  }

  List<Attempt> attempts() throws IOException {
    return Attempt.Log.read(attempts, name);
  }

  void await(RelayState expected) throws Exception {
    Waiting.until(
        LONGEST,
        () -> state == expected,
        () -> "%s should be %s, was %s".formatted(name, expected, state));
  }

  /** {@link Attempt#now()} when the relay was last seen to enter a state; 0 when it never was. */
  long reached(RelayState entered) {
    return reached.getOrDefault(entered, 0L);
  }

  /** Processor time that it has used so far. */
  Duration cpu() {
    return process.process().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  void kill() {
    process.kill();
  }

  /** Stops all its threads where they are; its sessions stay open. */
  void pause() throws IOException, InterruptedException {
    signal("STOP");
  }

  void resume() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String signal) throws IOException, InterruptedException {
    int outcome =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(process.process().pid()))
            .inheritIO()
            .start()
            .waitFor();
    if (outcome != 0) {
      throw new IOException("kill -%s of %s ended with %d".formatted(signal, name, outcome));
    }
  }

  /** Kills it, if it lives, and waits for its end. */
  @Override
  public void close() throws InterruptedException {
    process.kill();
    process.process().waitFor();
  }
}
