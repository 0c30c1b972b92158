package dev.evenkeel.autoconfigure.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.EvenkeelConfigurationException;
import dev.evenkeel.autoconfigure.RelayLifecycle;
import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxException;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.IllegalTransactionStateException;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

class JdbcApplicationIT {

  record Unscanned(String id) {}

  @Configuration(proxyBeanMethods = false)
  @Import(NoteApplication.class)
  static class WithAHandlerForAnUnknownType {

    static class Confused {
      @InboxHandler(consumer = "confused")
      void on(Unscanned event) {}
    }

    @Bean
    Confused confused() {
      return new Confused();
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

  private static void append(ApplicationContext application, String id) {
    new TransactionTemplate(application.getBean(PlatformTransactionManager.class))
        .executeWithoutResult(status -> application.getBean(Outbox.class).append(new Noted(id)));
  }

  private static void awaitSeen(ApplicationContext application, String... ids) {
    List<String> seen = application.getBean(NoteApplication.Notes.class).seen;
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(seen).containsExactly(ids));
  }

  @Test
  void applicationMaySendWithoutATable() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class, "evenkeel.outbox.storage=wal")) {
      await() // until the replication slot is in place, appends are refused
          .atMost(Duration.ofSeconds(60))
          .ignoreExceptionsInstanceOf(OutboxException.class)
          .until(
              () -> {
                append(application, "a");
                return true;
              });

      awaitSeen(application, "a");
      assertThat(
              application
                  .getBean(JdbcTemplate.class)
                  .queryForObject("SELECT count(*) FROM evenkeel.outbox", Integer.class))
          .isZero();
    }
  }

  @Test
  void plainJdbcApplicationSendsAndHandlesOnce() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class)) {
      append(application, "a");

      awaitSeen(application, "a");
      assertThat(
              application
                  .getBean(JdbcTemplate.class)
                  .queryForObject("SELECT count(*) FROM evenkeel.inbox", Integer.class))
          .isEqualTo(1);
    }
  }

  @Test
  void applicationThatPollsSendsAndHandlesOnceAndAnAppendEndsThePause() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(
            database,
            NoteApplication.class,
            "evenkeel.relay.mode=polling",
            "evenkeel.relay.polling.max-interval=10s")) {
      append(application, "a");
      awaitSeen(application, "a");
      // By then the pause of 5.12 s has more than the next line's patience to go.
      await().during(Duration.ofMillis(6500)).until(() -> true);
      append(application, "b");
      await()
          .atMost(Duration.ofSeconds(3))
          .untilAsserted(
              () ->
                  assertThat(application.getBean(NoteApplication.Notes.class).seen)
                      .containsExactly("a", "b"));
      assertThat(application.getBean(RelayLifecycle.class).statuses().get("home"))
          .satisfies(status -> assertThat(status.state()).isEqualTo(RelayState.POLLING))
          .satisfies(status -> assertThat(status.choice()).contains("polling"));
    }
  }

  @Test
  void contextThatIsStoppedAndStartedAgainGoesOn() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class)) {
      append(application, "a");
      awaitSeen(application, "a");

      application.stop();
      assertThat(application.getBean(RelayLifecycle.class).statuses().get("home").state())
          .isEqualTo(RelayState.STOPPED);
      append(application, "b");
      application.start();

      awaitSeen(application, "a", "b");
    }
  }

  @Test
  void transactionExceptionBeforeTheCommitKeepsNoStateWithoutItsMessages() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class, "evenkeel.relay.enabled=false")) {
      JdbcTemplate jdbc = application.getBean(JdbcTemplate.class);
      jdbc.execute("CREATE TABLE state (id text)");
      TransactionTemplate transaction =
          new TransactionTemplate(application.getBean(PlatformTransactionManager.class));

      assertThatThrownBy(
              () ->
                  transaction.executeWithoutResult(
                      status -> {
                        jdbc.update("INSERT INTO state VALUES ('a')");
                        TransactionSynchronizationManager.registerSynchronization(
                            new TransactionSynchronization() {
                              @Override
                              public void beforeCommit(boolean readOnly) {
                                throw new IllegalTransactionStateException("as from MANDATORY");
                              }
                            });
                        application.getBean(Outbox.class).append(new Noted("a"));
                      }))
          .isInstanceOf(IllegalTransactionStateException.class);

      assertThat(jdbc.queryForObject("SELECT count(*) FROM evenkeel.outbox", Integer.class))
          .isEqualTo(jdbc.queryForObject("SELECT count(*) FROM state", Integer.class))
          .isZero();
    }
  }

  @Test
  void appendOutsideATransactionIsRefused() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class, "evenkeel.relay.enabled=false")) {
      assertThatThrownBy(() -> application.getBean(Outbox.class).append(new Noted("a")))
          .isInstanceOf(OutboxException.class)
          .hasMessageContaining("outside a transaction");
    }
  }

  @Test
  void processWithoutARelayOnlyWrites() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class, "evenkeel.relay.enabled=false")) {
      append(application, "a");

      assertThat(application.getBeansOfType(RelayLifecycle.class)).isEmpty();
      assertThat(application.getBeansOfType(Sagas.class)).as("there are none").isEmpty();
      assertThat(application.getBean(ConsumerRegistry.class).registered()).isEmpty();
    }
  }

  @Test
  void switchedOffThereIsNothing() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class, "evenkeel.enabled=false")) {
      assertThat(application.getBeansOfType(Outbox.class)).isEmpty();
    }
  }

  @Test
  void retiredConsumerIsNoLongerRegistered() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class, "evenkeel.relay.enabled=false")) {
      application
          .getBean(ConsumerRegistry.class)
          .register(List.of(new Subscription("old", "noted", 1)));
    }

    try (ConfigurableApplicationContext application =
        TestApplications.start(database, NoteApplication.class, "evenkeel.inbox.retired=old")) {
      assertThat(application.getBean(ConsumerRegistry.class).registered())
          .containsExactly(new Subscription("notes", "noted", 1));
    }
  }

  @Test
  void retiringAConsumerThatHasAHandlerFailsTheStart() {
    assertThatThrownBy(
            () ->
                TestApplications.start(
                    database, NoteApplication.class, "evenkeel.inbox.retired=notes"))
        .isInstanceOf(EvenkeelConfigurationException.class)
        .hasMessageContaining("evenkeel.inbox.retired names [notes]");
  }

  @Test
  void handlerForAnUnregisteredTypeFailsTheStartEvenWithoutARelay() {
    assertThatThrownBy(
            () ->
                TestApplications.start(
                    database, WithAHandlerForAnUnknownType.class, "evenkeel.relay.enabled=false"))
        .rootCause()
        .hasMessageContaining("Unscanned, which nobody registered");
  }
}
