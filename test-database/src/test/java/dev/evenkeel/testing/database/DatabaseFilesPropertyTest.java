package dev.evenkeel.testing.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;

/** Words of a command and files that a crash, a full disk or an editor left behind. */
class DatabaseFilesPropertyTest {

  private Path directory;

  @BeforeTry
  void create() throws IOException {
    directory = Files.createTempDirectory("evenkeel-files");
  }

  @AfterTry
  void delete() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Provide
  Arbitrary<String> files() {
    return Arbitraries.oneOf(
        Arbitraries.of(
            "",
            "\n",
            " ",
            "0",
            "-0",
            "-17\n/data",
            "99999999999999999999",
            "1e3\n",
            "4711\n/x",
            "port = '5432'\n",
            "port = '99999'\n",
            "port = ''\n",
            "port = 5432\nport = '1'\n"),
        Arbitraries.strings().withChars("0123456789-+ \n\u0000port='ü").ofMaxLength(20),
        Arbitraries.longs().map(String::valueOf));
  }

  @Property(tries = 500)
  void processIdIsANumberNoneOrRefusedInASentence(@ForAll("files") String content)
      throws IOException {
    Files.writeString(directory.resolve("postmaster.pid"), content);
    PostmasterFile file = new PostmasterFile(directory);
    try {
      assertThat(file.pid().orElse(1)).isNotZero();
      assertThat(file.server()).isEmpty(); // nobody serves this folder
    } catch (PostgresException e) {
      assertThat(e).hasMessageContaining("must begin with a process id");
    }
  }

  /** It works on the folder without a server, and PostgreSQL has to be the one to find out. */
  @Example
  void fileOfASessionWithoutAServerStays() throws IOException {
    Path file = directory.resolve("postmaster.pid");
    Files.writeString(file, -ProcessHandle.current().pid() + "\n");

    new PostmasterFile(directory).removeWhenReused();

    assertThat(file).exists();
  }

  @Property(tries = 500)
  void portIsOneOrNone(@ForAll("files") String content) throws IOException {
    Files.writeString(PostgresConfiguration.file(directory), content);

    assertThat(new PostgresConfiguration(directory).port().orElse(1)).isBetween(1, 65_535);
  }

  @Provide
  Arbitrary<List<String>> words() {
    return Arbitraries.oneOf(
            Arbitraries.of("status", "stop", "--count", "3", "-3", "27", "", " ", "--"),
            Arbitraries.strings().ofMaxLength(4))
        .list()
        .ofMaxSize(4);
  }

  /** Never to start: that would. */
  @Property(tries = 500)
  void wordsAreACommandOrRefusedInASentence(@ForAll("words") List<String> words) {
    List<String> arguments = new ArrayList<>(words);
    arguments.removeIf("start"::equals);
    arguments.addAll(List.of("--dir", directory.toString()));
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exit =
        new ShardsCommand(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8))
            .run(arguments);

    assertThat(exit).isBetween(ShardsCommand.DONE, ShardsCommand.MISUSED);
    if (exit == ShardsCommand.MISUSED) {
      assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("shards: ");
    }
  }
}
