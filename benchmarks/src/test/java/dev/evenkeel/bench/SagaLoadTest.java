package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SagaLoadTest {

  @Test
  void eachCallerRunsAtLeastOneSagaAndEachSagaHasItsOwnNumber() throws Exception {
    AtomicLong numbers = new AtomicLong();
    Set<Long> seen = ConcurrentHashMap.newKeySet();

    SagaLoad load = SagaLoad.run(4, Duration.ofNanos(1), numbers::incrementAndGet, seen::add);

    assertThat(load.sagas()).isGreaterThanOrEqualTo(4).isEqualTo(seen.size());
    assertThat(load.latencies().getTotalCount()).isEqualTo(load.sagas());
  }

  @Test
  void sumHasTheSagasAndLatenciesOfBoth() throws Exception {
    AtomicLong numbers = new AtomicLong();
    SagaLoad one = SagaLoad.run(1, Duration.ofNanos(1), numbers::incrementAndGet, number -> {});
    SagaLoad other = SagaLoad.run(2, Duration.ofNanos(1), numbers::incrementAndGet, number -> {});

    SagaLoad both = one.plus(other);

    assertThat(both.sagas()).isEqualTo(one.sagas() + other.sagas());
    assertThat(both.nanos()).isEqualTo(one.nanos() + other.nanos());
    assertThat(both.latencies().getTotalCount()).isEqualTo(both.sagas());
  }
}
