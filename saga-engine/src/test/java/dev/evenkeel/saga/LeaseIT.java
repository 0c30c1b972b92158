package dev.evenkeel.saga;

import static dev.evenkeel.saga.Trips.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.definition.SagaDefinition;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Who lives keeps what is its own. */
class LeaseIT {

  private static final String LAPSED =
      "SELECT count(*) FROM evenkeel.saga_node WHERE lease_until < clock_timestamp()";

  @Test
  void livingNodesShortestLeaseNeverLapses() {
    try (SagaWorld world = new SagaWorld(1)) {
      SagaDefinition trip =
          Trips.saga(1).step("flight", step(world, 0, "flight", Trips.Code.NOTHING)).build();
      SagaEngine node = world.node("a", trip);
      assertThat(node.options().lease()).isEqualTo(Duration.ofSeconds(1));
      world.start(node);

      await()
          .pollInterval(Duration.ofMillis(2))
          .during(Duration.ofSeconds(4))
          .atMost(Duration.ofSeconds(15))
          .until(() -> world.jdbc(0).queryForObject(LAPSED, Long.class) == 0);
    }
  }
}
