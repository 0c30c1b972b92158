package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.DeadLetter;
import dev.evenkeel.outbox.DeadLetterEdit;
import dev.evenkeel.outbox.DeadLetterFilter;
import dev.evenkeel.outbox.DeadLetterPage;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedState;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** Dead letters of two databases, and of one that is away. */
class EveryParkedMessageIT {

  private final List<DatabaseInfo> databases = new ArrayList<>();
  private final List<Installation> installations = new ArrayList<>();
  private EveryParkedMessage parked;

  @BeforeEach
  void parkInTwoDatabases() {
    for (String name : List.of("a", "b")) {
      DatabaseInfo database = TestDatabase.shared().createDatabase();
      databases.add(database);
      new SchemaMigration("evenkeel").migrate(database.dataSource());
      installations.add(installation(name, database.dataSource()));
    }
    for (int n = 0; n < 20; n++) {
      installations
          .get(n % 3 == 0 ? 0 : 1)
          .parked()
          .park(
              Fence.relay(0),
              "billing",
              OutboxMessage.of("placed", 1, "order", "key-" + n, new byte[] {1}),
              ParkReason.UNREADABLE,
              "not JSON",
              null);
    }
    parked = new EveryParkedMessage(new Installations(installations));
  }

  private static Installation installation(String name, DataSource dataSource) {
    return new Installation(
        new InstallationDatabase(name, dataSource, null),
        new ParkedStore(dataSource, "evenkeel", MessageObserver.NONE, TimeSource.SYSTEM),
        new ConsumerRegistry(dataSource, "evenkeel"),
        new InboxReceiver(
            new InboxOptions("evenkeel", Duration.ofDays(10), Duration.ofSeconds(5)),
            dataSource,
            (consumer, message, shardKey) -> {
              throw new AssertionError("nothing is delivered");
            },
            MessageObserver.NONE,
            TimeSource.SYSTEM));
  }

  @AfterEach
  void drop() {
    databases.forEach(TestDatabase.shared()::dropDatabase);
  }

  private List<DeadLetter> allPages(int limit) {
    List<DeadLetter> seen = new ArrayList<>();
    String next = null;
    do {
      DeadLetterPage page = parked.deadLetters(DeadLetterFilter.all(), next, limit);
      seen.addAll(page.letters());
      next = page.next();
    } while (next != null);
    return seen;
  }

  @Test
  void pagesMergeWhatLiesInSeveralDatabases() {
    List<String> inOrder = new ArrayList<>();
    for (int n = 0; n < 20; n++) {
      inOrder.add("key-" + n);
    }
    assertThat(allPages(3)).extracting(DeadLetter::aggregateId).isEqualTo(inOrder);
    assertThat(allPages(20)).extracting(DeadLetter::aggregateId).isEqualTo(inOrder);
  }

  @Test
  void actionsReachEveryDatabase() {
    DeadLetter last = allPages(20).get(19);
    assertThat(
            parked.edit(
                "billing",
                last.messageId(),
                DeadLetterEdit.ofPayload(0, new byte[] {2}),
                "me",
                "x"))
        .isEqualTo(DeadLetterEdit.Outcome.EDITED);
    assertThat(
            parked.edit(
                "billing",
                last.messageId(),
                DeadLetterEdit.ofPayload(0, new byte[] {3}),
                "me",
                "x"))
        .isEqualTo(DeadLetterEdit.Outcome.OTHER_REVISION);
    assertThat(
            parked.edit(
                "billing",
                UUID.randomUUID(),
                DeadLetterEdit.ofPayload(0, new byte[] {2}),
                "me",
                "x"))
        .isEqualTo(DeadLetterEdit.Outcome.NO_DEAD_LETTER);
    assertThat(parked.inspect("billing", last.messageId()).orElseThrow().actions()).hasSize(1);

    assertThat(parked.retry(DeadLetterFilter.all().withConsumer("billing"), "me")).isEqualTo(20);
    assertThat(parked.find("billing", last.messageId()).orElseThrow().state())
        .isEqualTo(ParkedState.RETRYING);
    assertThat(parked.discard(DeadLetterFilter.all(), "me", "x")).isZero();
  }

  @Test
  void databaseThatIsAwayIsNamedAndHoldsUpNoOther() {
    DataSource nowhere = new DriverManagerDataSource("jdbc:postgresql://127.0.0.1:1/nowhere");
    installations.add(0, installation("away", nowhere));
    parked = new EveryParkedMessage(new Installations(installations));

    assertThat(allPages(20)).hasSize(20);
    assertThatThrownBy(() -> parked.discard(DeadLetterFilter.all(), "me", "x"))
        .hasMessageContaining("Installation \"away\" failed; what was done elsewhere stands");
    assertThat(allPages(20)).isEmpty();
  }
}
