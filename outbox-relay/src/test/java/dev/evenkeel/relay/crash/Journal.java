package dev.evenkeel.relay.crash;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;

/**
 * What happened, in one order over all processes of a run: a file that each of them appends to.
 *
 * <p>Every line is one {@code write} with {@code O_APPEND}, so lines of different processes do not
 * mix, their order in the file is the order in which they were written, and the kernel keeps what a
 * killed process wrote. It is outside every transaction: attempts that roll back stay in it. Not a
 * channel, because a channel closes when the watchdog interrupts a thread that writes. Thread-safe.
 */
final class Journal implements AutoCloseable {

  /** Stands for "no message" in lines about processes. */
  private static final UUID NO_MESSAGE = new UUID(0, 0);

  /** What a line tells. */
  enum Kind {
    /** A process runs. */
    STARTED,
    /** A relay handed a message to its transport. */
    SENT,
    /** A handler was called; the line comes before its effect. */
    ATTEMPT,
    /** A handler has taken effect and waits for its process to be suspended. */
    WAITING,
    /** A handler has found that its process had been suspended, and is about to fail. */
    WOKE,
    /** The test is about to hurt something. */
    FAULT
  }

  /**
   * One line.
   *
   * @param at {@link System#nanoTime()}, which processes of one machine share
   */
  record Line(long at, Kind kind, String node, UUID messageId, String key, long version) {

    /** Line feed first: whatever a kill tore off before it stays on a line of its own. */
    private byte[] bytes() {
      return "\n%d %s %s %s %s %d;"
          .formatted(at, kind, node, messageId, key, version)
          .getBytes(StandardCharsets.UTF_8);
    }

    static Line parse(String text) {
      String[] parts = text.split(" ", -1);
      return new Line(
          Long.parseLong(parts[0]),
          Kind.valueOf(parts[1]),
          parts[2],
          UUID.fromString(parts[3]),
          parts[4],
          Long.parseLong(parts[5]));
    }
  }

  private final FileOutputStream out;

  Journal(Path file) {
    try {
      out = new FileOutputStream(file.toFile(), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void message(Kind kind, String node, UUID messageId, Counted event) {
    write(new Line(System.nanoTime(), kind, node, messageId, event.key(), event.version()));
  }

  /** Writes about a process; returns when that was. */
  long process(Kind kind, String node) {
    long now = System.nanoTime();
    write(new Line(now, kind, node, NO_MESSAGE, "-", 0));
    return now;
  }

  private void write(Line line) {
    try {
      out.write(line.bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
