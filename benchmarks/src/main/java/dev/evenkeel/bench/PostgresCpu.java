package dev.evenkeel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What all processes of a PostgreSQL server on this machine have used, as Linux counts it. */
final class PostgresCpu {

  /** Linux tells times in hundredths of a second, whatever its timer does. */
  private static final Duration TICK = Duration.ofMillis(10);

  /** Where utime, stime, cutime and cstime stand behind the process's name. */
  private static final int UTIME = 11;

  private final ProcessHandle postmaster;

  private PostgresCpu(ProcessHandle postmaster) {
    this.postmaster = postmaster;
  }

  /** Empty where the server runs elsewhere, or the system does not say. */
  static Optional<PostgresCpu> of(BenchDatabase database) throws SQLException {
    if (!Files.isReadable(stat(ProcessHandle.current()))) {
      return Optional.empty();
    }
    // The server process of a session is a child of the one that is looked for.
    try (Connection connection = database.info().connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return ProcessHandle.of(row.getLong(1)).flatMap(ProcessHandle::parent).map(PostgresCpu::new);
    }
  }

  /** So far, sessions that have ended included. */
  Duration used() throws IOException {
    List<ProcessHandle> children;
    try (Stream<ProcessHandle> now = postmaster.children()) {
      children = now.toList();
    }
    long ticks = ticks(postmaster, 4);
    for (ProcessHandle child : children) {
      ticks += child.isAlive() ? ticks(child, 2) : 0;
    }
    return TICK.multipliedBy(ticks);
  }

  /**
   * Ticks of a process.
   *
   * @param columns 2 for its own, 4 for those of its ended children, too
   */
  private static long ticks(ProcessHandle process, int columns) throws IOException {
    String line;
    try {
      line = Files.readString(stat(process));
    } catch (IOException e) {
      if (process.isAlive()) {
        throw e;
      }
      return 0; // ended between two looks; its parent has its time now
    }
    String[] words = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = 0;
    for (int column = UTIME; column < UTIME + columns; column++) {
      ticks += Long.parseLong(words[column]);
    }
    return ticks;
  }

  private static Path stat(ProcessHandle process) {
    return Path.of("/proc", String.valueOf(process.pid()), "stat");
  }
}
