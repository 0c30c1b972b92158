package dev.evenkeel.bench;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * One call of a handler, also of one that was killed before its transaction committed.
 *
 * @param at the wall clock's microseconds when it began; all processes read the same clock
 * @param node which process
 */
record Attempt(long at, String node, int account, long sequence, long number) {

  static long now() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  /** Every attempt of one process, in a file: what is written stays, however the process ends. */
  static final class Log implements AutoCloseable {

    private final OutputStream file;

    Log(Path path) throws IOException {
      this.file = new FileOutputStream(path.toFile(), true); // no buffer
    }

    synchronized void add(AccountMoved event) {
      String line =
          "%d %d %d %d%n".formatted(now(), event.account(), event.sequence(), event.number());
      try {
        file.write(line.getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** All attempts that a process has written so far. */
    static List<Attempt> read(Path path, String node) throws IOException {
      return Files.readAllLines(path, StandardCharsets.US_ASCII).stream()
          .map(line -> line.split(" ", -1))
          .filter(words -> words.length == 4) // killed in the midst of a line
          .map(
              words ->
                  new Attempt(
                      Long.parseLong(words[0]),
                      node,
                      Integer.parseInt(words[1]),
                      Long.parseLong(words[2]),
                      Long.parseLong(words[3])))
          .toList();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
