package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class ConnectionBudgetTest {

  private static final ShardProbe.Connections SERVER = new ShardProbe.Connections("one", 100);

  @Test
  void shardsOfOneServerShareItsConnections(CapturedOutput output) {
    ConnectionBudget budget = new ConnectionBudget(2, Map.of("a", 11, "b", 11));

    budget.observed("a", SERVER);
    assertThat(budget.share("a")).isEqualTo(0.4);
    assertThat(budget.share("b")).isNaN();
    budget.observed("b", SERVER);
    assertThat(budget.share("a")).isEqualTo(0.8);
    assertThat(output).doesNotContain("allows");
  }

  @Test
  void tightBudgetIsWarnedOfOnceWithItsRemedy(CapturedOutput output) {
    ConnectionBudget budget = new ConnectionBudget(3, Map.of("a", 23));

    budget.observed("a", SERVER);
    budget.observed("a", SERVER);

    assertThat(output)
        .containsOnlyOnce("allows 100 connections, and 3 instances can open 96")
        .contains("maximum-pool-size");
  }

  @Test
  void shardsOfDifferentServersDoNot() {
    ConnectionBudget budget = new ConnectionBudget(1, Map.of("a", 11, "b", 11));
    budget.observed("a", SERVER);
    budget.observed("b", new ShardProbe.Connections("two", 100));
    assertThat(budget.share("a")).isEqualTo(0.2);
  }
}
