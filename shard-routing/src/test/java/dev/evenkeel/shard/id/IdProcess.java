package dev.evenkeel.shard.id;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** A process that draws ids as long as it lives, and is there to be stopped and killed. */
final class IdProcess implements AutoCloseable {

  private static final int BURST = 64;
  private static final long PAUSE_NANOS = 200_000;
  private static final long SIGNAL_SECONDS = 5;

  private final Process process;
  private final IdFile file;

  private IdProcess(Process process, IdFile file) {
    this.process = process;
    this.file = file;
  }

  static IdProcess start(IdDatabase database, String node, Duration lease, Path folder)
      throws IOException {
    DatabaseInfo info = database.info();
    Path path = folder.resolve(node + ".ids");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx64m",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    IdProcess.class.getName(),
                    info.name(),
                    info.jdbcUrl(),
                    info.username(),
                    info.password(),
                    node,
                    lease.toString(),
                    path.toString()))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(node + ".log").toFile())
            .start();
    return new IdProcess(process, IdFile.open(path));
  }

  /** Draws until its standard input ends, and so no longer than its parent lives. */
  public static void main(String[] arguments) throws IOException {
    DatabaseInfo database =
        new DatabaseInfo(arguments[0], arguments[1], arguments[2], arguments[3]);
    IdFile file = IdFile.open(Path.of(arguments[6]));
    AtomicBoolean ended = new AtomicBoolean();
    try (SnowflakeIds ids =
        new SnowflakeIds(
            database.dataSource(),
            new SnowflakeOptions(
                IdDatabase.SCHEMA,
                arguments[4],
                Duration.parse(arguments[5]),
                Duration.ofMillis(100)))) {
      Thread drawer = new Thread(() -> draw(ids, file, ended));
      drawer.setDaemon(true);
      drawer.start();
      System.in.transferTo(OutputStream.nullOutputStream());
      ended.set(true);
    }
  }

  private static void draw(SnowflakeIds ids, IdFile file, AtomicBoolean ended) {
    boolean room = true;
    while (room && !ended.get()) {
      try {
        for (int n = 0; room && n < BURST; n++) {
          room = file.add(ids.next());
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      } catch (IdsUnavailableException e) {
        file.addRefusal();
      }
    }
  }

  IdFile file() {
    return file;
  }

  /** SIGSTOP. */
  void suspend() throws Exception {
    signal("STOP");
  }

  /** SIGCONT. */
  void wake() throws Exception {
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
    if (!kill.waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
      throw new IllegalStateException("kill -%s %s failed".formatted(name, process.pid()));
    }
  }

  /** SIGKILL: nothing is given back. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Has it end properly. */
  void end() throws Exception {
    process.getOutputStream().close();
    if (!process.waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("Process %d does not end".formatted(process.pid()));
    }
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
