package dev.evenkeel.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EveryShardTest {

  @Test
  void anAnswerMayBeNothing() {
    Map<String, String> answers = new HashMap<>();
    answers.put("a", null);
    answers.put("b", "found");
    assertThat(new EveryShard<>(answers, Map.of()).all()).containsExactlyInAnyOrder(null, "found");
  }

  @Test
  void whoDidNotAnswerIsNamed() {
    EveryShard<String> some =
        new EveryShard<>(Map.of("a", "x"), Map.of("b", new IllegalStateException("away")));
    assertThat(some.available()).containsExactly("x");
    assertThatExceptionOfType(ShardUnavailableException.class)
        .isThrownBy(some::all)
        .withMessageContaining("[b]")
        .withMessageContaining("away");
  }
}
