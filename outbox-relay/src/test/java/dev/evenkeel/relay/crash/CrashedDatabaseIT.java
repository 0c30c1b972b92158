package dev.evenkeel.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.testing.database.PostgresServer;
import java.time.Duration;
import java.util.stream.Stream;
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
  void soItIsWithCommitsInGroups() throws InterruptedException {
    survive(2, Role.GROUPED_COMMITS);
  }

  @Test
  @Tag("slow")
  void nothingIsLostDoubledOrOvertakenOverTenCrashes() throws InterruptedException {
    survive(10);
  }

  @Test
  @Tag("slow")
  void soItIsWithCommitsInGroupsOverTenCrashes() throws InterruptedException {
    survive(10, Role.GROUPED_COMMITS);
  }

  private static void survive(int crashes, Role... more) throws InterruptedException {
    try (PostgresServer server = PostgresServer.builder().start();
        Trial trial = Trial.in(server.createDatabase("crash"))) {
      ChildProcess application =
          trial.start(
              "survivor",
              Stream.concat(Stream.of(Role.RELAY, Role.WRITER), Stream.of(more))
                  .toArray(Role[]::new));
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
