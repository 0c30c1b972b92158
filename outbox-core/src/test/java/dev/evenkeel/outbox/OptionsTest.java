package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class OptionsTest {

  @Test
  void theDefaultsAreTheDocumentedOnes() {
    assertThat(OutboxOptions.defaults()).isEqualTo(new OutboxOptions("evenkeel", 1_048_576));
    assertThat(InboxOptions.defaults())
        .isEqualTo(new InboxOptions("evenkeel", Duration.ofDays(10), Duration.ofSeconds(5)));
  }

  @Test
  void thePayloadLimitHasARange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new OutboxOptions("evenkeel", 0))
        .withMessage("evenkeel.outbox.max-payload must be between 1B and 64MB, was 0B");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new OutboxOptions("evenkeel", 64 * 1024 * 1024 + 1));
  }

  @Test
  void windowAndTimeoutArePositive() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new InboxOptions("evenkeel", Duration.ZERO, Duration.ofSeconds(5)))
        .withMessage("evenkeel.inbox.window must be positive, was PT0S");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new InboxOptions("evenkeel", Duration.ofDays(1), Duration.ZERO))
        .withMessage("evenkeel.inbox.handler-timeout must be at least 1ms, was PT0S");
  }
}
