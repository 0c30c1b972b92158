package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Debezium's engine drags a web server, a dependency injection framework and four compressors
 * along, none of which it needs to stream in Connect format. This module excludes everything and
 * names what is needed; here we see that it stays so. The class path is the one Maven resolves for
 * run time.
 */
class DebeziumFootprintTest {

  /** What the engine needs, the driver and the logging API included. */
  private static final Set<String> ENGINE =
      Set.of(
          "debezium-api",
          "debezium-config",
          "debezium-connect-plugins",
          "debezium-connector-common",
          "debezium-connector-postgres",
          "debezium-embedded",
          "debezium-openlineage-api",
          "debezium-util",
          "connect-api",
          "connect-json",
          "connect-runtime",
          "kafka-clients",
          "maven-artifact",
          "sketches-java",
          "commons-lang3",
          "jackson-annotations",
          "jackson-core",
          "jackson-databind",
          "jackson-datatype-jdk8",
          "jackson-datatype-jsr310",
          "jackson-module-blackbird",
          "slf4j-api",
          "postgresql");

  /** What this module and outbox-core need without Debezium. */
  private static final Set<String> OWN =
      Set.of(
          "evenkeel-outbox-core",
          "spring-aop",
          "spring-beans",
          "spring-context",
          "spring-core",
          "spring-expression",
          "spring-jdbc",
          "spring-tx",
          "commons-logging",
          "micrometer-commons",
          "micrometer-observation",
          "java-uuid-generator",
          "hash4j",
          "jspecify");

  private static final Pattern UNWANTED =
      Pattern.compile(
          "jetty|jersey|hk2|swagger|jakarta|javax|jaxb|activation|protobuf|jose4j|classgraph|javassist"
              + "|aopalliance|osgi|plexus|zstd|snappy|lz4|connect-file|connect-transforms");

  private static final long ENGINE_BYTES_AT_MOST = 22_000_000;

  private List<Path> jars = List.of();

  @BeforeEach
  void readClassPath() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("/runtime-classpath.txt")) {
      assertThat(in).as("list made by the build; run it by Maven").isNotNull();
      String classPath = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
      jars =
          Stream.of(classPath.split(Pattern.quote(File.pathSeparator)))
              .filter(entry -> entry.endsWith(".jar"))
              .map(Path::of)
              .toList();
    }
  }

  @Test
  void noServerOrCompressorIsOnTheRuntimeClassPath() {
    assertThat(jars)
        .isNotEmpty()
        .allSatisfy(
            jar -> assertThat(jar.getFileName().toString()).doesNotContainPattern(UNWANTED));
  }

  @Test
  void runtimeClassPathIsWhatTheEngineNeedsAndOurOwn() {
    Set<String> artifacts =
        jars.stream()
            .map(DebeziumFootprintTest::artifact)
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(artifacts).containsAll(ENGINE);
    assertThat(artifacts)
        .allSatisfy(
            artifact ->
                assertThat(ENGINE.contains(artifact) || OWN.contains(artifact))
                    .as(artifact)
                    .isTrue());
  }

  @Test
  void engineStaysSmall() throws IOException {
    long bytes = 0;
    for (Path jar : jars) {
      if (ENGINE.contains(artifact(jar))) {
        bytes += Files.size(jar);
      }
    }

    assertThat(bytes).isBetween(1L, ENGINE_BYTES_AT_MOST);
  }

  private static String artifact(Path jar) {
    return jar.getFileName().toString().replaceFirst("-\\d[^/]*\\.jar$", "");
  }
}
