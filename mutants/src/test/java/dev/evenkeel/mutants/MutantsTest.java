package dev.evenkeel.mutants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The list goes with the code: in each build, without running a mutant. */
class MutantsTest {

  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  static List<Mutant> mutants() {
    return Mutants.all();
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void textOccursOnceAndIsChanged(Mutant mutant) throws IOException {
    assertThat(mutant.applied(ROOT))
        .contains(Reached.class.getName() + ".here()")
        .doesNotContain(Mutant.REACHED);
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void testExists(Mutant mutant) throws IOException {
    assertThat(Files.readString(mutant.test().source(ROOT)))
        .containsPattern("\\bvoid " + Pattern.quote(mutant.test().method()) + "\\(");
  }

  @Test
  void namesAreUniqueAndRulesAreSentences() {
    assertThat(mutants()).extracting(Mutant::name).doesNotHaveDuplicates();
    assertThat(mutants()).extracting(Mutant::rule).allMatch(rule -> rule.endsWith("."));
    assertThat(mutants()).extracting(Mutant::invariant).noneMatch(String::isBlank);
  }

  @Test
  void textThatIsGoneOrThereTwiceIsStale() {
    Mutant mutant =
        Mutant.of("sample", "One is one.")
            .in("m", "a.B")
            .replace("one == 1")
            .by("REACHED")
            .caughtBy("a.BTest", "one", "one");

    assertThat(mutant.apply("if (one == 1) {")).contains("if (dev.evenkeel");
    assertThatThrownBy(() -> mutant.apply("if (two == 2) {")).hasMessageContaining("stale");
    assertThatThrownBy(() -> mutant.apply("one == 1 || one == 1")).hasMessageContaining("stale");
  }
}
