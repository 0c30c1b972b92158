package dev.evenkeel.sample.orders.crash;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What happened, in one order over all processes of a run: a file that each of them appends to,
 * each line by one {@code write}, so that the kernel keeps what a killed process wrote.
 * Thread-safe.
 */
public final class Journal implements AutoCloseable {

  /** What a line tells. */
  public enum Kind {
    /** A process takes requests; detail is its port. */
    READY,
    /** A command was obeyed; detail is its number. */
    OBEYED,
    /** A point; detail is the side of its commit. */
    POINT,
    /** An order is frozen at its point. */
    REACHED,
    /** An order is held up. */
    HELD,
    /** A client was told that something is done; detail is what. */
    ACKNOWLEDGED,
    /** A relay hands a message to its transport; detail is which. */
    SENT,
    /** A handler was called; detail is by what. The line comes before its effect. */
    ATTEMPT,
    /** A handler's transaction has committed; detail is of what. */
    EFFECT,
    /** Something is hurt, or no longer; detail is what. */
    FAULT
  }

  /**
   * One line.
   *
   * @param at {@link System#nanoTime()}, which processes of one machine share
   * @param subject the saga, or the customer while there is none, or {@code -}
   */
  public record Line(
      long at, String node, Kind kind, String subject, long customer, Point point, String detail) {

    /** Line feed first: whatever a kill tore off before it stays on a line of its own. */
    private byte[] bytes() {
      return "\n%d %s %s %s %d %s %s;"
          .formatted(at, node, kind, subject, customer, point, detail)
          .getBytes(StandardCharsets.UTF_8);
    }

    /** Reads one that was written. */
    public static Line parse(String text) {
      String[] parts = text.split(" ", -1);
      return new Line(
          Long.parseLong(parts[0]),
          parts[1],
          Kind.valueOf(parts[2]),
          parts[3],
          Long.parseLong(parts[4]),
          Point.parse(parts[5]),
          parts[6]);
    }
  }

  private static final Point NONE = Point.of(Point.Kind.NEXT);

  private final String node;
  private final FileOutputStream out;

  /**
   * Opens a journal.
   *
   * @param node who writes
   */
  public Journal(Path file, String node) {
    this.node = node;
    try {
      out = new FileOutputStream(file.toFile(), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Writes about the process.
   *
   * @param detail without spaces and semicolons
   */
  public void process(Kind kind, String detail) {
    write(new Line(System.nanoTime(), node, kind, "-", 0, NONE, detail));
  }

  /**
   * Writes about an order.
   *
   * @param customer 0 for unknown
   */
  void order(Kind kind, Note note, long customer, String detail) {
    String subject = note.saga() == null ? "-" : note.saga().toString();
    write(new Line(System.nanoTime(), node, kind, subject, customer, note.point(), detail));
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
