package dev.evenkeel.testing.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SagaCasesTest {

  @Test
  void areMadeUpFromTheDefinition() {
    List<String> names =
        SagaCases.of(PlaceOrderScenario::new).stream().map(SagaCase::name).toList();
    assertThat(names)
        .doesNotHaveDuplicates()
        .contains(
            "nothing happens",
            "participants in this process",
            "reserveStock/1 refused",
            "blockPoints/0 refused",
            "confirm/0 fails for good",
            "the deadline passes at reserveStock/1",
            "cancelled at pay/0",
            "no event comes",
            "crash before the commit of reserveStock/0",
            "crash after the commit of confirm/0",
            "crash before the commit of write of CLOSING, when register/0 fails for good",
            "undo reserveStock/1 fails 2 times, when cancelled at register/0",
            "command of ship/1 comes twice",
            "reply to blockPoints/0 comes late",
            "command of blockPoints/0 comes too late",
            "two processes at confirm/0, the former one is first",
            "two processes at reserveCredit/0, the former one is first, and a cancel");
  }

  @Test
  void areTheSameEachTime() {
    SagaCase first = SagaCases.of(PlaceOrderScenario::new).get(20);
    SagaCase second = SagaCases.of(PlaceOrderScenario::new).get(20);
    assertThat(first.run()).isEqualTo(second.run());
  }

  /** More items, more cases; but no more than that. */
  @Test
  void areBounded() {
    assertThatThrownBy(() -> SagaCases.of(ManyLines::new))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("at most 200 are allowed");
  }

  static final class ManyLines extends PlaceOrderScenario {
    @Override
    public Object command() {
      return new PlaceOrder(
          "order-1",
          "customer-1",
          100,
          true,
          Collections.nCopies(100, "sku-a").stream()
              .map(sku -> new PlaceOrder.Line(sku, 1))
              .collect(Collectors.toList()));
    }
  }
}
