package dev.evenkeel.bench;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.utils.AppInfoParser;

/** The results as programs read them: one JSON file per scenario. */
final class ResultsFile {

  private static final long GIBIBYTE = 1L << 30;

  private final Path folder;

  ResultsFile(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes the scenario's file, replacing the one of the last run.
   *
   * @return where it is
   */
  Path write(String scenario, Results results) throws IOException, SQLException {
    ResultsDocument document =
        new ResultsDocument(
            scenario,
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
            machine(),
            versions(),
            results.measurements(),
            results.ratios(),
            results.figures(),
            results.settings(),
            results.remarks(),
            results.invalid());
    Files.createDirectories(folder);
    Path file = folder.resolve(scenario + ".json");
    document.write(file);
    return file;
  }

  private static String machine() {
    return "%d cores (%s), %d GiB of memory, %s %s, heap of %d MiB"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            Cpu.model(),
            Math.round(Cpu.physicalMemory() / (double) GIBIBYTE),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            Runtime.getRuntime().maxMemory() >> 20);
  }

  private static Map<String, String> versions() throws IOException, SQLException {
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("java", System.getProperty("java.version"));
    versions.put("postgresql", serverVersion(TestDatabase.shared().maintenanceDatabase()));
    versions.put("debezium", packaged("io.debezium", "debezium-embedded"));
    versions.put("kafka", AppInfoParser.getVersion());
    versions.put("dbos", ChildSagas.DBOS_VERSION);
    Peer.all().forEach(peer -> versions.put(peer.label(), peer.version()));
    versions.put("java-uuid-generator", packaged("com.fasterxml.uuid", "java-uuid-generator"));
    versions.put("tsid-creator", packaged("com.github.f4b6a3", "tsid-creator"));
    versions.put("postgresql-jdbc", org.postgresql.util.DriverInfo.DRIVER_VERSION);
    return versions;
  }

  private static String serverVersion(DatabaseInfo database) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW server_version")) {
      row.next();
      return row.getString(1);
    }
  }

  private static String packaged(String group, String artifact) throws IOException {
    String resource = "/META-INF/maven/%s/%s/pom.properties".formatted(group, artifact);
    try (var in = ResultsFile.class.getResourceAsStream(resource)) {
      if (in == null) {
        return "unknown";
      }
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version", "unknown");
    }
  }
}
