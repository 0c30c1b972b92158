package dev.evenkeel.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DatabaseTest {

  private static final String PAGE = "docs/reference/database.md";
  private static final Pattern TABLE = Pattern.compile("(?ms)^CREATE TABLE (\\w+) \\((.*?)^\\)");
  private static final Pattern COLUMN =
      Pattern.compile(
          "(?m)^    ([a-z_]+) +(?:smallint|bigint|integer|text|uuid|jsonb|bytea|boolean|timestamptz|pg_\\w+)");

  @Test
  void everyColumnIsDescribedUnderItsTable() throws IOException {
    Matcher table = TABLE.matcher(schema());
    int tables = 0;
    while (table.find()) {
      tables++;
      Set<String> columns = new TreeSet<>();
      Matcher column = COLUMN.matcher(table.group(2));
      while (column.find()) {
        columns.add(column.group(1));
      }
      Set<String> described = new TreeSet<>();
      Handbook.section(PAGE, "## `" + table.group(1) + "`")
          .lines()
          .filter(line -> line.startsWith("| `"))
          .forEach(line -> described.addAll(Handbook.codes(line.split("\\|", 3)[1])));
      assertThat(described).as(table.group(1)).containsAll(columns);
    }
    assertThat(tables).isGreaterThanOrEqualTo(7);
  }

  @Test
  void everyIndexFunctionAndSequenceIsNamed() throws IOException {
    List<String> codes = Handbook.codes(Handbook.read(PAGE));
    Matcher named =
        Pattern.compile("(?m)^CREATE (?:INDEX|FUNCTION|SEQUENCE) (\\w+(?:\\(\\))?)")
            .matcher(schema());
    int count = 0;
    while (named.find()) {
      count++;
      assertThat(codes).contains(named.group(1));
    }
    assertThat(count).isGreaterThanOrEqualTo(10);
  }

  @Test
  void ringsAreAsLargeAsTheirFunctionsSay() throws IOException {
    Matcher function =
        Pattern.compile("CREATE FUNCTION (\\w+\\(\\)).*AS 'SELECT (\\d+)'").matcher(schema());
    while (function.find()) {
      assertThat(Handbook.read(PAGE))
          .contains("| `%s` | %s |".formatted(function.group(1), function.group(2)));
    }
  }

  private static String schema() throws IOException {
    try (Stream<Path> files =
        Files.list(Handbook.ROOT.resolve("migrations/src/main/resources/db/evenkeel"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("V"))
          .sorted()
          .map(Handbook::read)
          .collect(Collectors.joining("\n"));
    }
  }
}
