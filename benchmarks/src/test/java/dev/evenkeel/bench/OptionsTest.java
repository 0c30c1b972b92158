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
}
