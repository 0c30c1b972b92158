package dev.evenkeel.sample.orders.crash;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Follows a journal while it is written, and keeps it: some ten thousand lines. Thread-safe. */
public final class JournalReader implements AutoCloseable {

  private final RandomAccessFile file;
  private final List<Journal.Line> lines = new ArrayList<>();

  /** Opens a journal that is there. */
  public JournalReader(Path path) {
    try {
      file = new RandomAccessFile(path.toFile(), "r");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many lines there are by now. */
  synchronized int size() {
    readOn();
    return lines.size();
  }

  /** All lines by now. */
  public synchronized List<Journal.Line> lines() {
    readOn();
    return List.copyOf(lines);
  }

  /** The first line that fits, from a number on. */
  public synchronized Optional<Journal.Line> find(int from, Predicate<Journal.Line> fits) {
    readOn();
    return lines.stream().skip(from).filter(fits).findFirst();
  }

  private void readOn() {
    try {
      long from = file.getFilePointer();
      byte[] chunk = new byte[(int) (file.length() - from)];
      file.readFully(chunk);
      String text = new String(chunk, StandardCharsets.UTF_8);
      int end = text.lastIndexOf(';') + 1; // what follows is still being written, or was torn off
      file.seek(from + end);
      for (String line : text.substring(0, end).split("\n", -1)) {
        if (line.endsWith(";")) { // a torn line is the last of its process
          lines.add(Journal.Line.parse(line.substring(0, line.length() - 1)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
