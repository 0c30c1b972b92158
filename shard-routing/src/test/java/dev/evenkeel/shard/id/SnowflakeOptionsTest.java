package dev.evenkeel.shard.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SnowflakeOptionsTest {

  @Test
  void defaultsAreAllowed() {
    SnowflakeOptions options = SnowflakeOptions.defaults("evenkeel", "node-1");

    assertThat(options.lease()).isEqualTo(Duration.ofSeconds(30));
    assertThat(options.maxWait()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void leaseOutOfRangeIsRefused() {
    assertThatThrownBy(
            () -> new SnowflakeOptions("evenkeel", "n", Duration.ofMillis(999), Duration.ZERO))
        .hasMessage("evenkeel.ids.snowflake.lease must be between PT1S and PT10M, was PT0.999S");
  }

  @Test
  void waitOutOfRangeIsRefused() {
    assertThatThrownBy(
            () ->
                new SnowflakeOptions(
                    "evenkeel", "n", Duration.ofSeconds(30), Duration.ofMinutes(2)))
        .hasMessage("evenkeel.ids.snowflake.max-wait must be between PT0S and PT1M, was PT2M");
  }
}
