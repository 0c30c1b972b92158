package dev.evenkeel.autoconfigure.participants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Scope;

/** Starts of applications with participants. */
@ExtendWith(OutputCaptureExtension.class)
class ParticipantApplicationIT {

  @Configuration(proxyBeanMethods = false)
  @Import(PurchaseApplication.class)
  static class WithMistakes {

    @SagaParticipant("fleeting")
    static class Fleeting {

      @CommandHandler
      void on(Purchase command) {}
    }

    @SagaParticipant("mistaken")
    static class Mistaken {

      @CommandHandler(shardKey = "nowhere")
      void on(Purchase command) {}

      @CommandHandler
      void two(Purchase command, String more) {}
    }

    @Bean
    @Scope(BeanDefinition.SCOPE_PROTOTYPE)
    Fleeting fleeting() {
      return new Fleeting();
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

  private ConfigurableApplicationContext start(Class<?> application, String... properties) {
    return TestApplications.start(database, application, PurchaseContract.with(properties));
  }

  @Test
  void participantsNeedNoSagaBesideThem() {
    try (ConfigurableApplicationContext application =
        start(PurchaseApplication.class, "spring.profiles.active=services")) {
      assertThat(application.getBean(InboxHandlers.class).directHandlers())
          .extracting(DirectHandler::consumer)
          .containsExactlyInAnyOrder("participant:ledger", "participant:depot");
      assertThat(application.getBeanProvider(Sagas.class).getIfAvailable()).isNull();
    }
  }

  @Test
  void everyMistakeOfParticipantsFailsTheStartInOneMessage() {
    assertThatThrownBy(() -> start(WithMistakes.class, PurchaseContract.ALL))
        .rootCause()
        .hasMessageContaining(
            "Bean \"fleeting\" has @SagaParticipant and scope prototype; make it a singleton")
        .hasMessageContaining("Mistaken.on of participant \"mistaken\"")
        .hasMessageContaining("nowhere")
        .hasMessageContaining("Mistaken.two of participant \"mistaken\"");
  }

  @Test
  void participantsThatAreNowhereAreWarnedOfOnce(CapturedOutput output) {
    try (ConfigurableApplicationContext application =
        start(PurchaseApplication.class, "spring.profiles.active=shop")) {
      assertThat(application.isRunning()).isTrue();
    }

    assertThat(output)
        .containsOnlyOnce("[depot, ledger]")
        .contains("Add the beans, or set evenkeel.transport=kafka");
  }

  @Test
  void participantsThatAreHereAreNotWarnedOf(CapturedOutput output) {
    try (ConfigurableApplicationContext application =
        start(PurchaseApplication.class, PurchaseContract.ALL)) {
      assertThat(application.isRunning()).isTrue();
    }

    assertThat(output).doesNotContain("which have no @SagaParticipant here");
  }
}
