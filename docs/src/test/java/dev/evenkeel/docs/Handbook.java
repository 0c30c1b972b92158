package dev.evenkeel.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The project's files as the tests read them. */
final class Handbook {

  static final Path ROOT = root();

  private Handbook() {}

  private static Path root() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.exists(directory.resolve("mvnw"))) {
      directory = directory.getParent();
      if (directory == null) {
        throw new IllegalStateException("The tests run inside the project's folder");
      }
    }
    return directory;
  }

  /** The text of a file, by its path from the project's folder. */
  static String read(String path) {
    return read(ROOT.resolve(path));
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every page: those of the handbook and those in the project's folder. */
  static List<Path> pages() {
    List<Path> pages = new ArrayList<>();
    try (Stream<Path> top = Files.list(ROOT);
        Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      Stream.concat(top, docs)
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !file.toString().contains("/target/"))
          .sorted()
          .forEach(pages::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return pages;
  }

  /** Rows of the tables whose first cell is code that the pattern matches; cells are stripped. */
  static List<List<String>> rows(String page, String firstCell) {
    Pattern first = Pattern.compile("`" + firstCell + "`");
    return read(page)
        .lines()
        .filter(line -> line.startsWith("| "))
        .map(line -> List.of(line.substring(1).split("\\|", -1)))
        .map(cells -> cells.stream().map(String::strip).toList())
        .filter(cells -> first.matcher(cells.get(0)).matches())
        .toList();
  }

  /** What stands in backticks. */
  static List<String> codes(String text) {
    List<String> codes = new ArrayList<>();
    Matcher matcher = Pattern.compile("`([^`]+)`").matcher(text);
    while (matcher.find()) {
      codes.add(matcher.group(1));
    }
    return codes;
  }

  /** The text below a heading, up to the next heading. */
  static String section(String page, String heading) {
    String text = read(page);
    int start = text.indexOf("\n" + heading + "\n");
    if (start < 0) {
      throw new IllegalArgumentException(page + " has no heading " + heading);
    }
    int end = text.indexOf("\n#", start + 1 + heading.length());
    return end < 0 ? text.substring(start) : text.substring(start, end);
  }
}
