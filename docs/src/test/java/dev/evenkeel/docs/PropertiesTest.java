package dev.evenkeel.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.autoconfigure.EvenkeelMeters;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PropertiesTest {

  private static final String METADATA = "META-INF/spring-configuration-metadata.json";

  private static final Pattern USED =
      Pattern.compile("(?m)(?:^|`)(evenkeel\\.(?!test\\.)[a-z-]+(?:\\.[a-z-]+)*)(?:=|`)");

  /** Of a map, whose keys the application chooses. */
  private static final Pattern OF_A_SHARD =
      Pattern.compile("evenkeel\\.shards\\.[a-z-]+\\.([a-z-]+)(\\.[a-z-]+)*");

  private record Property(String type, String defaultValue) {}

  @Test
  void everyPropertyIsOnThePageWithItsTypeAndDefault() throws IOException {
    assertThat(onThePage()).isNotEmpty().isEqualTo(inTheMetadata());
  }

  /** Properties, meters, what begins like them, and what only tests know. */
  @Test
  void everyNameOnAnyPageExists() throws IOException {
    Set<String> known = new TreeSet<>(inTheMetadata().keySet());
    Arrays.stream(EvenkeelMeters.values()).map(EvenkeelMeters::getName).forEach(known::add);
    for (Path page : Handbook.pages()) {
      Matcher used = USED.matcher(Handbook.read(page));
      while (used.find()) {
        Matcher ofAShard = OF_A_SHARD.matcher(used.group(1));
        if (ofAShard.matches()) {
          assertThat(ofAShardOnThePage())
              .as("%s in %s", used.group(1), page)
              .contains(ofAShard.group(1));
          continue;
        }
        assertThat(known)
            .as("%s in %s", used.group(1), page)
            .anyMatch(name -> name.equals(used.group(1)) || name.startsWith(used.group(1) + "."));
      }
    }
  }

  /** What the metadata can't list, because names of shards are the application's. */
  @Test
  void everyPropertyOfAShardIsOnThePage() throws ClassNotFoundException {
    Set<String> expected = new TreeSet<>(Set.of("hikari"));
    for (RecordComponent component :
        Class.forName("dev.evenkeel.autoconfigure.EvenkeelProperties$Shard")
            .getRecordComponents()) {
      expected.add(component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT));
    }
    assertThat(ofAShardOnThePage()).isEqualTo(expected);
  }

  private static Set<String> ofAShardOnThePage() {
    Set<String> names = new TreeSet<>();
    for (List<String> row :
        Handbook.rows("docs/reference/properties.md", "evenkeel\\.shards\\.NAME\\.[a-z.*-]+")) {
      names.add(row.get(0).replace("`", "").split("\\.")[3]);
    }
    return names;
  }

  private static Map<String, Property> onThePage() {
    Map<String, Property> properties = new TreeMap<>();
    for (List<String> row : Handbook.rows("docs/reference/properties.md", "evenkeel\\.[a-z.-]+")) {
      properties.put(
          row.get(0).replace("`", ""), new Property(row.get(1), row.get(2).replace("`", "")));
    }
    return properties;
  }

  private static Map<String, Property> inTheMetadata() throws IOException {
    Map<String, Property> properties = new TreeMap<>();
    ClassLoader loader = PropertiesTest.class.getClassLoader();
    for (URL url : Collections.list(loader.getResources(METADATA))) {
      try (InputStream in = url.openStream()) {
        for (JsonNode property : JsonMapper.shared().readTree(in).get("properties")) {
          String name = property.get("name").asString();
          if (name.startsWith("evenkeel.")) {
            properties.put(name, property(property));
          }
        }
      }
    }
    return properties;
  }

  private static Property property(JsonNode property) {
    String type = property.get("type").asString();
    JsonNode value = property.get("defaultValue");
    String text = value == null ? "none" : value.asString();
    return new Property(shortType(type), text.isEmpty() ? "empty" : text);
  }

  private static String shortType(String type) {
    if (type.startsWith("java.util.List")) {
      return "List";
    }
    if (type.startsWith("java.util.Map")) {
      return "Map";
    }
    if (type.startsWith("java.util.Set")) {
      return "Set";
    }
    return switch (type) {
      case "java.lang.Boolean" -> "boolean";
      case "java.lang.Integer" -> "int";
      default -> type.substring(type.lastIndexOf('.') + 1);
    };
  }
}
