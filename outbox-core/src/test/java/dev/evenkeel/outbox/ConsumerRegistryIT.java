package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConsumerRegistryIT {

  private static final Subscription SUMMARY = new Subscription("summary", "order-placed", 1);
  private static final Subscription SUMMARY_V2 = new Subscription("summary", "order-placed", 2);
  private static final Subscription AUDIT =
      new Subscription("audit", "order-placed", Subscription.EVERY_VERSION);

  private static CoreDatabase database;

  private final ConsumerRegistry registry =
      new ConsumerRegistry(database.dataSource(), CoreDatabase.SCHEMA);

  @BeforeAll
  static void create() {
    database = new CoreDatabase();
  }

  @AfterAll
  static void drop() {
    database.close();
  }

  @BeforeEach
  void clear() {
    database.clear();
  }

  private static int version() {
    return database.count("SELECT registry_version FROM evenkeel.relay_state");
  }

  @Test
  void registeringTwiceRaisesTheVersionOnce() {
    registry.register(List.of(SUMMARY, AUDIT));
    registry.register(List.of(SUMMARY, AUDIT));
    registry.register(List.of(AUDIT));

    assertThat(registry.registered()).containsExactlyInAnyOrder(SUMMARY, AUDIT);
    assertThat(version()).isEqualTo(1);
  }

  @Test
  void registeringOnlyAdds() {
    registry.register(List.of(SUMMARY));
    registry.register(List.of(SUMMARY_V2));

    assertThat(registry.registered()).containsExactlyInAnyOrder(SUMMARY, SUMMARY_V2);
    assertThat(version()).isEqualTo(2);
  }

  @Test
  void registeringNothingChangesNothing() {
    registry.register(List.of());

    assertThat(registry.registered()).isEmpty();
    assertThat(version()).isZero();
  }

  @Test
  void aRetiredConsumerIsOutOfTheSet() {
    registry.register(List.of(SUMMARY, SUMMARY_V2, AUDIT));

    assertThat(registry.retire(List.of("summary", "nobody"))).isEqualTo(2);

    assertThat(registry.registered()).containsExactly(AUDIT);
    assertThat(version()).isEqualTo(2);
    assertThat(registry.retire(List.of("summary"))).isZero();
    assertThat(registry.retire(List.of())).isZero();
    assertThat(version()).isEqualTo(2);
  }

  @Test
  void aRetiredConsumerThatRegistersAgainIsBack() {
    registry.register(List.of(SUMMARY));
    registry.retire(List.of("summary"));

    registry.register(List.of(SUMMARY));

    assertThat(registry.registered()).containsExactly(SUMMARY);
    assertThat(version()).isEqualTo(3);
  }

  @Test
  void registeringWaitsForTheLeadersWitness() throws Exception {
    try (Connection leader = database.dataSource().getConnection();
        Statement statement = leader.createStatement()) {
      leader.setAutoCommit(false);
      statement.execute("SELECT FROM evenkeel.relay_state FOR UPDATE");

      CompletableFuture<Void> registering =
          CompletableFuture.runAsync(() -> registry.register(List.of(SUMMARY)));
      Awaitility.await()
          .until(
              () ->
                  database.count(
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND"
                              + " query LIKE '%relay_state FOR%UPDATE%'")
                      == 1);
      assertThat(registering).isNotDone();

      leader.commit();
      registering.get(60, TimeUnit.SECONDS);
    }
    assertThat(registry.registered()).containsExactly(SUMMARY);
  }
}
