package dev.evenkeel.testing.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Collectors;

/** The settings of one server, in a file of its own that {@code postgresql.conf} includes. */
final class PostgresConfiguration {

  private static final String FILE = "evenkeel.conf";
  private static final String INCLUDE = "include_if_exists = '" + FILE + "'";

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
      Files.writeString(dataDirectory.resolve(FILE), text);
      include();
    } catch (IOException e) {
      throw new PostgresException(
          "The settings of %s could not be written".formatted(dataDirectory), e);
    }
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
