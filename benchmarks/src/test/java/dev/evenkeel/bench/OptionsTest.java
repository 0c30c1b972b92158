package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class OptionsTest {

  @Test
  void defaultsAreThreeRoundsOfTenSecondsOfEverything() {
    Options options = Options.parse(List.of("outbox"));

    assertThat(options.rounds()).isEqualTo(3);
    assertThat(options.duration()).isEqualTo(Duration.ofSeconds(10));
    assertThat(options.wants("drain")).isTrue();
  }

  @Test
  void namedPartsExcludeTheOthers() {
    Options options = Options.parse(List.of("outbox", "--parts", "delay,drain", "--rounds", "5"));

    assertThat(options.rounds()).isEqualTo(5);
    assertThat(options.wants("drain")).isTrue();
    assertThat(options.wants("endToEnd")).isFalse();
  }

  @Test
  void valueOutOfRangeIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse(List.of("outbox", "--rounds", "0")))
        .withMessage("--rounds must be between 1 and 100, was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse(List.of("outbox", "--seconds", "ten")))
        .withMessage("--seconds must be between 1 and 600, was ten");
  }

  @Test
  void guardCanBeHalvedWithoutAValue() {
    Options options = Options.parse(List.of("guard", "--halved", "--rounds", "2"));

    assertThat(options.halved()).isTrue();
    assertThat(options.rounds()).isEqualTo(2);
    assertThat(Options.parse(List.of("guard")).halved()).isFalse();
  }

  @Test
  void jmhTakesAPatternByItself() {
    Options options = Options.parse(List.of("jmh", "Coordinator", "--rounds", "1"));

    assertThat(options.parts()).containsExactly("Coordinator");
  }

  @Test
  void trialWarmsUpForLess() {
    Duration usual = Duration.ofSeconds(12);

    assertThat(Options.parse(List.of("peers")).warmUp(usual)).isEqualTo(usual);
    assertThat(Options.parse(List.of("peers", "--seconds", "1")).warmUp(usual))
        .isEqualTo(Duration.ofSeconds(2));
  }
}
