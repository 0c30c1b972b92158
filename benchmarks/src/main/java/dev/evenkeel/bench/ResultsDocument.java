package dev.evenkeel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The form of the files with results.
 *
 * @param date when they were written, UTC
 * @param versions of what was measured and of what it ran on, by name
 * @param settings how what was measured was set up, by name
 * @param invalid why the numbers are not to be used; usually empty
 */
record ResultsDocument(
    String scenario,
    String date,
    String machine,
    Map<String, String> versions,
    List<Results.Measurement> results,
    Map<String, Double> ratios,
    Map<String, Double> figures,
    Map<String, Map<String, String>> settings,
    List<String> remarks,
    List<String> invalid) {

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  static ResultsDocument read(Path file) throws IOException {
    return MAPPER.readValue(Files.readString(file), ResultsDocument.class);
  }

  void write(Path file) throws IOException {
    Files.writeString(file, MAPPER.writeValueAsString(this) + System.lineSeparator());
  }

  /** What names of results begin with up to their first slash, in their order. */
  Set<String> parts() {
    Set<String> parts = new LinkedHashSet<>();
    results.forEach(result -> parts.add(result.name().split("/", 2)[0]));
    return parts;
  }

  Results.@Nullable Measurement find(String name, String metric) {
    return results.stream()
        .filter(result -> result.name().equals(name) && result.metric().equals(metric))
        .findFirst()
        .orElse(null);
  }
}
