package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is refused where Kafka Connect is to relay. How it relays is shown with Kafka. */
class ConnectLeadingIT {

  @Test
  void inProcessDeliveryCantBeLeftToConnect() {
    try (Installation installation = Installation.create();
        RelayNode node =
            RelayNode.in(installation)
                .handlers(new Ledger(installation).firstConsumer())
                .relay(options -> options.withMode(RelayMode.CONNECT))
                .start()) {
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(node.relay().status().findings())
                      .singleElement()
                      .asString()
                      .contains(
                          "evenkeel.relay.mode is connect, which needs a broker",
                          "set evenkeel.transport=kafka"));
    }
  }
}
