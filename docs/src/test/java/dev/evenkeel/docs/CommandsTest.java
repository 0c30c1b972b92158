package dev.evenkeel.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class CommandsTest {

  private static final String README = "README.md";

  @Test
  void readmeNamesTheTwoCommands() {
    assertThat(Handbook.read(README))
        .contains("```\n./mvnw -pl sample-orders -am spring-boot:run\n```")
        .contains("```\n./mvnw verify\n```");
  }

  @Test
  void buildKnowsTheTwoCommands() {
    assertThat(Handbook.read(".ci/run"))
        .contains("maven=(./mvnw ")
        .contains("\"${maven[@]}\" verify\n");
    assertThat(Handbook.read("pom.xml"))
        .contains("<spring-boot.run.skip>true</spring-boot.run.skip>");
    assertThat(Handbook.read("sample-orders/pom.xml"))
        .contains("<spring-boot.run.skip>false</spring-boot.run.skip>");
  }

  @Test
  void readmeAsksTheSampleWhatTheBuildAsksIt() {
    Matcher order =
        Pattern.compile("--data '(\\{\"customerId\".*?\\})' ").matcher(Handbook.read(".ci/run"));
    assertThat(order.find()).isTrue();
    assertThat(Handbook.read(README)).contains(order.group(1)).contains("/customers/7/summary");
  }

  @Test
  void everyScriptThatIsNamedCanBeRun() {
    for (Path page : Handbook.pages()) {
      Matcher script =
          Pattern.compile("(?m)(?:^|`)(bin/[a-z-]+|\\.ci/run)").matcher(Handbook.read(page));
      while (script.find()) {
        assertThat(Files.isExecutable(Handbook.ROOT.resolve(script.group(1))))
            .as("%s in %s", script.group(1), page)
            .isTrue();
      }
    }
  }

  @Test
  void modulesOfTheLayoutAreThoseOfTheBuild() {
    Matcher module =
        Pattern.compile("<module>([a-z-]+)</module>").matcher(Handbook.read("pom.xml"));
    while (module.find()) {
      assertThat(Handbook.read("CONTRIBUTING.md")).contains("| `" + module.group(1) + "` |");
    }
  }
}
