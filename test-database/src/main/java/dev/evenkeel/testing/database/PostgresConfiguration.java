package dev.evenkeel.testing.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The settings of one server, in a file of its own that {@code postgresql.conf} includes. */
final class PostgresConfiguration {

  private static final String FILE = "evenkeel.conf";
  private static final String INCLUDE = "include_if_exists = '" + FILE + "'";
  private static final Pattern PORT = Pattern.compile("port = '(\\d{1,5})'");

  private final Path dataDirectory;

  PostgresConfiguration(Path dataDirectory) {
    this.dataDirectory = dataDirectory;
  }

  /** Replaces all settings; they count from the next start on. */
  void write(Map<String, String> settings) {
    String text =
        settings.entrySet().stream()
            .map(setting -> "%s = '%s'%n".formatted(setting.getKey(), quoted(setting.getValue())))
            .collect(Collectors.joining());
    try {
      Files.writeString(file(dataDirectory), text);
      include();
    } catch (IOException e) {
      throw new PostgresException(
          "The settings of %s could not be written".formatted(dataDirectory), e);
    }
  }

  /** The port that was written last; empty where nothing was written yet. */
  OptionalInt port() {
    Path file = file(dataDirectory);
    if (!Files.exists(file)) {
      return OptionalInt.empty();
    }
    try {
      return Files.readAllLines(file).stream()
          .map(PORT::matcher)
          .filter(Matcher::matches)
          .mapToInt(line -> Integer.parseInt(line.group(1)))
          .filter(port -> port >= 1 && port <= 65_535)
          .findFirst();
    } catch (IOException e) {
      throw new PostgresException("%s could not be read".formatted(file), e);
    }
  }

  static Path file(Path dataDirectory) {
    return dataDirectory.resolve(FILE);
  }

  private void include() throws IOException {
    Path main = dataDirectory.resolve("postgresql.conf");
    if (!Files.readString(main).contains(INCLUDE)) {
      Files.writeString(main, "%n%s%n".formatted(INCLUDE), StandardOpenOption.APPEND);
    }
  }

  private static String quoted(String value) {
    return value.replace("\\", "\\\\").replace("'", "''");
  }
}
