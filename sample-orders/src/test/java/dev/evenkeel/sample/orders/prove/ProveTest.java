package dev.evenkeel.sample.orders.prove;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProveTest {

  @Test
  void whatIsAskedForIsDone() {
    Prove.Options options =
        Prove.Options.parse(
            new String[] {"--seed", "7", "--minutes", "60", "--mode", "kafka", "--folder", "x"});

    assertThat(options).isEqualTo(new Prove.Options(7, 60, List.of(Mode.KAFKA), Path.of("x", "7")));
  }

  @Test
  void allModesForThreeMinutesUnlessSaidOtherwise() {
    Prove.Options options = Prove.Options.parse(new String[0]);

    assertThat(options.modes()).containsExactly(Mode.values());
    assertThat(options.minutes()).isEqualTo(3);
    assertThat(options.seed()).isNotNegative();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--seed | --seed needs a value",
        "--seed x | --seed must be a number from 0 to 999999999999999999, was x",
        "--seed -1 | --seed must be a number from 0 to 999999999999999999, was -1",
        "--seed 99999999999999999999 | --seed must be a number from 0 to 999999999999999999, was 99999999999999999999",
        "--minutes 0 | --minutes must be a number from 1 to 1440, was 0",
        "--minutes 1441 | --minutes must be a number from 1 to 1440, was 1441",
        "--minutes 3m | --minutes must be a number from 1 to 1440, was 3m",
        "--mode polling | --mode must be shards, kafka, split or all, was polling",
        "--hours 3 | --hours is no option; there are --minutes, --seed and --mode"
      })
  void misuseIsOneSentence(String arguments, String sentence) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Prove.Options.parse(arguments.split(" ")))
        .withMessage(sentence);
  }
}
