package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TurnsTest {

  private final List<String> order = new ArrayList<>();

  @Test
  void turnsGoForwardsAndBackwardsSoThatDriftTouchesAllAlike() throws Exception {
    Turns.take(List.of("a", "b", "c"), Duration.ofSeconds(2), this::measure);

    assertThat(order).containsExactly("a", "b", "c", "c", "b", "a");
  }

  @Test
  void variantIsTheSumOfItsTurns() throws Exception {
    Map<String, Load> loads = Turns.take(List.of("a", "b"), Duration.ofSeconds(3), this::measure);

    assertThat(loads.get("a")).isEqualTo(new Load(1 + 4 + 5, 3_000_000_000L, 6_000, 3));
    assertThat(loads.get("b")).isEqualTo(new Load(2 + 3 + 6, 3_000_000_000L, 6_000, 3));
  }

  /** The n-th turn makes n calls. */
  private Load measure(String variant, Duration duration) {
    order.add(variant);
    return new Load(order.size(), duration.toNanos(), 2_000, 1);
  }
}
