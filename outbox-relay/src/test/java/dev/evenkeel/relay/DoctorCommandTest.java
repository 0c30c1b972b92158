package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class DoctorCommandTest {

  /** Without a URL: whatever it is, it is no command. */
  @Provide
  Arbitrary<List<String>> arguments() {
    return Arbitraries.oneOf(
            Arbitraries.of(
                "--schema", "--user", "--password-env", "--retained-wal", "--retained-share"),
            Arbitraries.of("0", "-1", "NaN", "9999999999999999999", "half", "", "Shop", "HOME"),
            Arbitraries.strings().ofMaxLength(5))
        .filter(argument -> !argument.equals("--help"))
        .list()
        .ofMaxSize(5);
  }

  @Property(tries = 1_000)
  void misuseIsOneSentenceWithTheHelpBehindIt(@ForAll("arguments") List<String> arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exit =
        new DoctorCommand(
                Map.of("HOME", "x"),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8))
            .run(arguments.toArray(String[]::new));

    assertThat(exit).isEqualTo(DoctorCommand.USAGE);
    assertThat(out.size()).isZero();
    assertThat(err.toString(StandardCharsets.UTF_8))
        .containsAnyOf("must be", "must follow", "is missing", "unknown argument", "is not set")
        .doesNotContain("For input string", "Exception");
  }
}
