package dev.evenkeel.transport.kafka.crash;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Follows a journal while it is written. Each call brings the lines that were completed since. */
final class JournalReader implements AutoCloseable {

  private static final int CHUNK = 1 << 20;

  private final RandomAccessFile file;

  JournalReader(Path path) {
    try {
      file = new RandomAccessFile(path.toFile(), "r");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next lines, at most about a megabyte of them; empty when there are none yet. */
  List<Journal.Line> next() {
    try {
      long from = file.getFilePointer();
      byte[] chunk = new byte[(int) Math.min(CHUNK, file.length() - from)];
      file.readFully(chunk);
      String text = new String(chunk, StandardCharsets.UTF_8);
      int end = text.lastIndexOf(';') + 1; // what follows is still being written, or was torn off
      file.seek(from + end);
      return parse(text.substring(0, end));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Journal.Line> parse(String text) {
    List<Journal.Line> lines = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      if (line.endsWith(";")) { // a torn line is one whose attempt never began
        lines.add(Journal.Line.parse(line.substring(0, line.length() - 1)));
      }
    }
    return lines;
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
