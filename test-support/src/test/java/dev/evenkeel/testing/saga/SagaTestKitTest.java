package dev.evenkeel.testing.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.SagaFailure.Reason;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.testing.saga.PlaceOrder.Approved;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SagaTestKitTest {

  private final PlaceOrderScenario scenario = new PlaceOrderScenario();
  private final SagaTestKit kit = SagaTestKit.of(scenario);

  @Test
  void waitsForItsEventAndGoesOnWithIt() {
    kit.start().run();
    assertThat(kit.outcome().state()).isEqualTo(SagaState.RUNNING);
    assertThat(scenario.shop.orders.get("order-1").status()).isEqualTo("PENDING");

    SagaOutcome end = kit.signal(new Approved("me")).runToEnd();
    assertThat(end.state()).isEqualTo(SagaState.COMPLETED);
    assertThat(end.effects()).endsWith("confirm/0", "ship/0", "ship/1", "markShipped/0");
  }

  @Test
  void refusalIsUndoneInTheOppositeOrder() {
    SagaOutcome end = kit.refuse("confirm").start().signal(new Approved("me")).runToEnd();
    assertThat(end.state()).isEqualTo(SagaState.COMPENSATED);
    assertThat(end.failure().reason()).isEqualTo(Reason.REFUSED);
    assertThat(end.effects()).startsWith("register/0").endsWith("-register/0");
  }

  @Test
  void timePassesWhenTheTestSaysSo() {
    kit.start().passTime(Duration.ofMinutes(19));
    assertThat(kit.outcome().state()).isEqualTo(SagaState.RUNNING);
    kit.passTime(Duration.ofMinutes(2));
    SagaOutcome end = kit.runToEnd();
    assertThat(end.failure().reason()).isEqualTo(Reason.TIMEOUT);
    assertThat(end.state()).isEqualTo(SagaState.COMPENSATED);
  }

  @Test
  void stepThatCrashedBeforeItsCommitHappensOnce() {
    SagaOutcome end =
        kit.crashBeforeCommit("reserveStock/1")
            .crashAfterCommit("reserveCredit")
            .duplicateMessages("blockPoints")
            .start()
            .signal(new Approved("me"))
            .runToEnd();
    assertThat(end.state()).isEqualTo(SagaState.COMPLETED);
    assertThat(end.effects()).doesNotHaveDuplicates();
    assertThat(end.history()).anyMatch(line -> line.contains("another process takes over"));
  }
}
