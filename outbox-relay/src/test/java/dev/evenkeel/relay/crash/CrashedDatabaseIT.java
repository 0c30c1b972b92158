package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** PostgreSQL is stopped as in a crash and started again while everything is at work. */
class CrashedDatabaseIT {

  @Test
  @Tag("postgres-matrix")
  void nothingIsLostDoubledOrOvertakenOverTwoCrashes() throws InterruptedException {
    survive(2);
  }

  @Test
  @Tag("slow")
  void nothingIsLostDoubledOrOvertakenOverTenCrashes() throws InterruptedException {
    survive(10);
  }

  private static void survive(int crashes) throws InterruptedException {
    try (PostgresServer server = PostgresServer.builder().start();
        Trial trial = Trial.in(server.createDatabase("crash"))) {
      ChildProcess application = trial.start("survivor", Role.RELAY, Role.WRITER);
      for (int n = 0; n < crashes; n++) {
        trial.awaitAttempts(200 + trial.random().nextInt(400));
        trial.fault("crash of PostgreSQL");
        server.stop(PostgresServer.Mode.IMMEDIATE);
        application.awaitEnd(trial.random().nextInt(500)); // it must not; the database stays away
        server.start();
      }
      trial.awaitAttempts(200);
      application.quiet();

      assertThat(trial.judge(Duration.ofMinutes(1)).sound().counting().faults()).isEqualTo(crashes);
      assertThat(application.isAlive()).isTrue();
    }
  }
}
