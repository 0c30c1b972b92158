package dev.evenkeel.autoconfigure.sagas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.StartSaga;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Starts and stops of applications with sagas. */
class SagaApplicationIT {

  record Unscanned(String id) {}

  @Configuration(proxyBeanMethods = false)
  @Import(TransferApplication.class)
  static class WithAMistakenSaga {

    @Saga(name = "mistaken", version = 1, key = "id", shardKey = "nowhere")
    static class Mistaken implements SagaFor<Transfer> {

      @StartSaga(on = Unscanned.class)
      Transfer from(Unscanned event) {
        return new Transfer(event.id(), "a", "b", "c");
      }

      @SagaStep(
          after = {},
          compensation = SagaStep.NONE)
      void only(Transfer transfer) {}
    }

    @Bean
    Mistaken mistaken() {
      return new Mistaken();
    }
  }

  private DatabaseInfo database;

  @BeforeEach
  void createDatabase() {
    database = TestDatabase.shared().createDatabase();
  }

  @AfterEach
  void dropDatabase() {
    TestDatabase.shared().dropDatabase(database);
  }

  private ConfigurableApplicationContext run(Class<?> application, String... properties) {
    String[] all = new String[properties.length + 3];
    all[0] = "spring.flyway.locations=classpath:db/transfers";
    all[1] = "evenkeel.relay.enabled=false";
    all[2] = "evenkeel.saga.poll=50ms";
    System.arraycopy(properties, 0, all, 3, properties.length);
    return TestApplications.start(database, application, all);
  }

  private static UUID start(ApplicationContext application) {
    Transfer transfer = new Transfer(UUID.randomUUID().toString(), "from", "to", "auditor");
    return Objects.requireNonNull(
            new TransactionTemplate(application.getBean(PlatformTransactionManager.class))
                .execute(status -> application.getBean(Transfers.class).start(transfer)))
        .id();
  }

  private static void awaitCompleted(ApplicationContext application, UUID saga) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                application.getBean(Sagas.class).status(saga).orElseThrow().state()
                    == SagaState.COMPLETED);
  }

  @Test
  void whatAProcessWithoutAnEngineStartsOthersRun() {
    UUID saga;
    try (ConfigurableApplicationContext application =
        run(TransferApplication.class, "evenkeel.saga.enabled=false")) {
      saga = start(application);
      assertThat(application.getBean(Sagas.class).status(saga).orElseThrow().state())
          .isEqualTo(SagaState.RUNNING);
      assertThat(application.getBean(Sagas.class).status(saga).orElseThrow().owner()).isNull();
    }

    try (ConfigurableApplicationContext application = run(TransferApplication.class)) {
      awaitCompleted(application, saga);
    }
  }

  @Test
  void contextThatIsStoppedAndStartedAgainGoesOn() {
    try (ConfigurableApplicationContext application = run(TransferApplication.class)) {
      awaitCompleted(application, start(application));

      application.stop();
      UUID saga = start(application);
      application.start();

      awaitCompleted(application, saga);
      awaitCompleted(application, start(application));
    }
  }

  @Test
  void mistakesOfSagasFailTheStartInOneMessage() {
    assertThatThrownBy(() -> run(WithAMistakenSaga.class))
        .hasStackTraceContaining("nowhere")
        .hasStackTraceContaining("Unscanned, which nobody registered");
  }

  @Test
  void definitionThatLiveInstancesCantGoOnWithFailsTheStart() {
    try (ConfigurableApplicationContext application =
        run(TransferApplication.class, "evenkeel.saga.enabled=false")) {
      start(application);
    }
    try (Connection c = database.connect();
        Statement statement = c.createStatement()) {
      // As if what started it had had one step more.
      statement.execute(
          "UPDATE evenkeel.saga_definition SET shape = shape || '{\"insure\":{\"kind\":\"RETRIABLE\"}}'");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }

    assertThatThrownBy(() -> run(TransferApplication.class))
        .hasStackTraceContaining("EvenkeelConfigurationException")
        .hasStackTraceContaining(
            "saga \"transfer\" version 1 can't go on with the live instances of shard home: step \"insure\" is gone; it has 1: ");
  }

  @Test
  void virtualThreadsAreBootsSwitch() {
    try (ConfigurableApplicationContext application =
        run(TransferApplication.class, "spring.threads.virtual.enabled=true")) {
      awaitCompleted(application, start(application));
    }
  }
}
