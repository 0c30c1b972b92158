package dev.evenkeel.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LinksTest {

  private static final String GUARANTEES = "docs/guarantees.md";
  private static final Pattern LINK = Pattern.compile("\\[([^\\]]*)\\]\\(([^)\\s]+)\\)");
  private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT|Contract))\\.(\\w+)`");
  private static final Map<String, List<Path>> TEST_SOURCES = testSources();

  private record Link(String text, String target) {}

  static Stream<Path> pages() {
    return Handbook.pages().stream();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsSomewhere(Path page) {
    for (Link link : links(prose(Handbook.read(page)))) {
      if (link.target().startsWith("https://")) {
        continue; // a build must not depend on other people's servers
      }
      assertThat(link.target()).as(page.toString()).doesNotStartWith("/").doesNotContain("://");
      String[] parts = link.target().split("#", 2);
      Path target =
          parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).toAbsolutePath().normalize();
      assertThat(target).as("%s in %s", link.target(), page).exists();
      assertThat(target).as("%s stays in the project", link.target()).startsWith(Handbook.ROOT);
      if (parts.length == 2) {
        assertThat(anchors(target)).as("%s in %s", link.target(), page).contains(parts[1]);
      }
    }
  }

  @Test
  void everyGuaranteeNamesTestsThatExist() {
    List<String> guarantees = guarantees();
    assertThat(guarantees).hasSizeGreaterThan(80);
    for (String guarantee : guarantees) {
      List<Link> tests = links(guarantee);
      assertThat(tests).as(guarantee).isNotEmpty();
      tests.forEach(LinksTest::requireTest);
    }
  }

  /** Also tests that stand in prose, there and on other pages, linked or not. */
  @ParameterizedTest
  @MethodSource("pages")
  void everyTestThatIsNamedExists(Path page) {
    Matcher named = TEST.matcher(Handbook.read(page));
    while (named.find()) {
      assertThat(TEST_SOURCES.getOrDefault(named.group(1), List.of()))
          .as("%s in %s", named.group(), page)
          .anySatisfy(
              file -> assertThat(Handbook.read(file)).containsPattern(declaration(named.group(2))));
    }
  }

  private static Map<String, List<Path>> testSources() {
    try (Stream<Path> modules = Files.list(Handbook.ROOT)) {
      Map<String, List<Path>> sources = new HashMap<>();
      for (Path module : modules.filter(m -> Files.exists(m.resolve("src/test/java"))).toList()) {
        try (Stream<Path> files = Files.walk(module.resolve("src/test/java"))) {
          files
              .filter(file -> file.toString().endsWith(".java"))
              .forEach(
                  file ->
                      sources
                          .computeIfAbsent(
                              file.getFileName().toString().replace(".java", ""),
                              name -> new ArrayList<>())
                          .add(file));
        }
      }
      return sources;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireTest(Link link) {
    Matcher test = TEST.matcher(link.text());
    assertThat(test.matches()).as("%s names a class and a method", link).isTrue();
    Path file = Handbook.ROOT.resolve(GUARANTEES).resolveSibling(link.target()).normalize();
    assertThat(file).isRegularFile().hasFileName(test.group(1) + ".java");
    assertThat(Handbook.read(file)).as(link.text()).containsPattern(declaration(test.group(2)));
  }

  /** A test is a method, or a rule about the code itself. */
  private static Pattern declaration(String test) {
    return Pattern.compile("void " + test + "\\(|ArchRule " + test + " =");
  }

  /** List items above the section of limits, which follow from elsewhere. */
  private static List<String> guarantees() {
    List<String> items = new ArrayList<>();
    String page = Handbook.read(GUARANTEES);
    for (String line : page.substring(0, page.indexOf("## Limits")).split("\n", -1)) {
      if (line.startsWith("- ")) {
        items.add(line);
      } else if (line.startsWith("  ")) {
        items.add(items.remove(items.size() - 1) + line);
      }
    }
    return items;
  }

  private static List<Link> links(String text) {
    List<Link> links = new ArrayList<>();
    Matcher matcher = LINK.matcher(text);
    while (matcher.find()) {
      links.add(new Link(matcher.group(1), matcher.group(2)));
    }
    return links;
  }

  private static String prose(String markdown) {
    return markdown.replaceAll("(?ms)^```.*?^```", "");
  }

  /** As the usual renderers make them of headings. */
  private static List<String> anchors(Path page) {
    return Handbook.read(page)
        .lines()
        .filter(line -> line.matches("#+ .*"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
        .toList();
  }
}
