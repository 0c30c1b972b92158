package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.shard.RoutingDataSource;
import dev.evenkeel.shard.ShardDatabase;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.ShardTransactionRouter;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.shard.guard.DualWriteKind;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class MetersTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final MessageObserver observer = new MeteringObserver(registry);
  private final SagaObserver sagaObserver = new MeteringSagaObserver(registry);

  private void tellEverything() {
    observer.appended(2);
    observer.sent();
    observer.handled("billing", Duration.ofMillis(20));
    observer.duplicate("billing");
    observer.retried("billing");
    observer.parked("billing", "OUTAGE");
    observer.dead("billing", "EXPIRED");
    sagaObserver.started("order");
    attempt("reserve", false).ended("DONE");
    attempt("reserve", true).ended("FAILED");
    sagaObserver.ended("order", UUID.randomUUID(), SagaState.COMPENSATED, Duration.ofMillis(30));
    sagaObserver.stuck("order", null);
    sagaObserver.takenOver("order");
    sagaObserver.signalExpired("order");
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

  private SagaObserver.Attempt attempt(String step, boolean compensation) {
    return sagaObserver.attempt("order", UUID.randomUUID(), step, compensation, 1, Map.of());
  }

  @Test
  void attemptsAndEndsOfSagasAreTimed() {
    tellEverything();

    assertThat(
            registry
                .get("evenkeel.saga.step")
                .tags("saga", "order", "step", "reserve", "direction", "forward", "outcome", "DONE")
                .timer()
                .count())
        .isEqualTo(1);
    assertThat(
            registry
                .get("evenkeel.saga.step")
                .tags("direction", "compensation", "outcome", "FAILED")
                .timer()
                .count())
        .isEqualTo(1);
    assertThat(
            registry
                .get("evenkeel.saga.ended")
                .tags("saga", "order", "state", "COMPENSATED")
                .timer()
                .totalTime(TimeUnit.MILLISECONDS))
        .isEqualTo(30);
    assertThat(registry.get("evenkeel.saga.stuck").tag("step", "none").counter().count())
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

  private static SagaGauges sagaGauges() {
    Shards shards =
        new Shards(
            List.of(new ShardDatabase("a", new DriverManagerDataSource(), null)), shard -> 0);
    ShardRouter router =
        new ShardRouter(
            () -> {
              throw new IllegalStateException("away");
            },
            Map.of());
    DataSource routing = new RoutingDataSource(shards);
    return new SagaGauges(
        new SagaReadings(
            new RoutedSagaShards(
                shards,
                router,
                new ShardTransactionRouter(
                    router, shards, routing, () -> new DataSourceTransactionManager(routing)),
                Map.of("a", routing)),
            () -> {
              throw new IllegalStateException("a shard that is away is not asked");
            }));
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
    sagaGauges().bindTo(registry);
    shardGauges().bindTo(registry);

    new KafkaGauges(
            new KafkaInboxLifecycle(
                () -> {
                  throw new IllegalStateException("not started here");
                }))
        .bindTo(registry);
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
    sagaGauges().bindTo(registry);
    assertThat(registry.get("evenkeel.saga.active").gauge().value()).isNaN();
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
