package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.shard.ShardDatabase;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.shard.guard.DualWriteKind;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class MetersTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final MessageObserver observer = new MeteringObserver(registry);

  private void tellEverything() {
    observer.appended(2);
    observer.sent();
    observer.handled("billing", Duration.ofMillis(20));
    observer.duplicate("billing");
    observer.retried("billing");
    observer.parked("billing", "OUTAGE");
    observer.dead("billing", "EXPIRED");
    new DualWriteMeter(registry).found(DualWriteKind.KAFKA);
  }

  @Test
  void everythingObservedIsCounted() {
    tellEverything();

    assertThat(registry.get("evenkeel.outbox.appended").counter().count()).isEqualTo(2);
    assertThat(registry.get("evenkeel.relay.sent").counter().count()).isEqualTo(1);
    assertThat(
            registry
                .get("evenkeel.inbox.handled")
                .tag("consumer", "billing")
                .timer()
                .totalTime(TimeUnit.MILLISECONDS))
        .isEqualTo(20);
    assertThat(
            registry
                .get("evenkeel.inbox.parked")
                .tags("consumer", "billing", "reason", "OUTAGE")
                .counter()
                .count())
        .isEqualTo(1);
  }

  @Test
  void clockSkewDoesNotLoseACount() {
    observer.handled("billing", Duration.ofMillis(-5));

    assertThat(registry.get("evenkeel.inbox.handled").timer().count()).isEqualTo(1);
  }

  private static AllReadings readings() {
    return new AllReadings(List.of(new OutboxReadings("home", null, new NoParkedMessages())));
  }

  private static ShardGauges shardGauges() {
    Shards shards =
        new Shards(
            List.of(new ShardDatabase("a", new DriverManagerDataSource(), null)), shard -> 0);
    return new ShardGauges(
        shards,
        new ConnectionBudget(1, Map.of()),
        new ShardPools(Map.of(), new Binder(List.of()), "test"));
  }

  @Test
  void metersAndDocumentationAgree() {
    tellEverything();
    new OutboxGauges(readings(), true).bindTo(registry);
    shardGauges().bindTo(registry);

    List<String> registered =
        registry.getMeters().stream().map(Meter::getId).map(Meter.Id::getName).distinct().toList();
    assertThat(registered)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(EvenkeelMeters.values()).map(EvenkeelMeters::getName).toList());
    for (EvenkeelMeters meter : EvenkeelMeters.values()) {
      assertThat(registry.get(meter.getName()).meter().getId().getType())
          .as(meter.getName())
          .isEqualTo(meter.getType());
    }
  }

  @Test
  void unknownReadingIsNotANumber() {
    new OutboxGauges(readings(), true).bindTo(registry);

    assertThat(registry.get("evenkeel.relay.lag.bytes").gauge().value()).isNaN();
    assertThat(registry.get("evenkeel.inbox.dead.letters").gauge().value()).isNaN();
  }

  @Test
  void severalObserversAreAllTold() {
    SimpleMeterRegistry second = new SimpleMeterRegistry();
    MessageObserver both =
        new MessageObservers(List.of(observer, new MeteringObserver(second))).observer();

    both.sent();

    assertThat(registry.get("evenkeel.relay.sent").counter().count()).isEqualTo(1);
    assertThat(second.get("evenkeel.relay.sent").counter().count()).isEqualTo(1);
  }
}
