package dev.evenkeel.testing.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardsCommandTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | 'the command must be start, stop or status, was \"\": see bin/shards --help'",
        "begin | 'the command must be start, stop or status, was \"begin\": see bin/shards --help'",
        "start --size 3 | 'options are --count and --dir, each once, was \"--size\": see bin/shards --help'",
        "stop --dir x --dir y | 'options are --count and --dir, each once, was \"--dir\": see bin/shards --help'",
        "start --count | '--count needs a value'",
        "start --count 0 | '--count must be between 1 and 26, was 0'",
        "start --count 27 | '--count must be between 1 and 26, was 27'",
        "start --count three | '--count must be between 1 and 26, was three'"
      })
  void misuseIsOneSentenceAndTwo(String arguments, String sentence) {
    List<String> words = Stream.of(arguments.split(" ")).filter(w -> !w.isEmpty()).toList();

    assertThat(run(words)).isEqualTo(ShardsCommand.MISUSED);

    assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("shards: %s%n".formatted(sentence));
    assertThat(out.size()).isZero();
  }

  @Test
  void helpNamesTheDefaultDirectory() {
    assertThat(run(List.of("--help"))).isEqualTo(ShardsCommand.DONE);
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("evenkeel", "Exit code: 0");
  }

  @Test
  void anEmptyDirectoryHasNoStatus(@TempDir Path directory) {
    assertThat(run(List.of("status", "--dir", directory.toString())))
        .isEqualTo(ShardsCommand.FAILED);
    assertThat(run(List.of("stop", "--dir", directory.toString()))).isEqualTo(ShardsCommand.DONE);
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("No shards in " + directory);
  }

  private int run(List<String> arguments) {
    return new ShardsCommand(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .run(arguments);
  }
}
