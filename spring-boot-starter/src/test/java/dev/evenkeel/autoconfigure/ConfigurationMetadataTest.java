package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ConfigurationMetadataTest {

  private static List<JsonNode> properties() throws IOException {
    List<JsonNode> properties = new ArrayList<>();
    Enumeration<URL> files =
        ConfigurationMetadataTest.class
            .getClassLoader()
            .getResources("META-INF/spring-configuration-metadata.json");
    while (files.hasMoreElements()) {
      try (InputStream file = files.nextElement().openStream()) {
        for (JsonNode property : JsonMapper.shared().readTree(file).get("properties")) {
          if (property.get("name").asString().startsWith("evenkeel.")) {
            properties.add(property);
          }
        }
      }
    }
    return properties;
  }

  @Test
  void everyPropertyIsDescribed() throws IOException {
    assertThat(properties())
        .hasSizeGreaterThan(30)
        .allSatisfy(
            property ->
                assertThat(property.path("description").asString(""))
                    .as(property.get("name").asString())
                    .isNotBlank()
                    .endsWith("."));
  }
}
