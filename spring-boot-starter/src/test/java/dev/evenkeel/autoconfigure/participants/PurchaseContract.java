package dev.evenkeel.autoconfigure.participants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** The same saga, wherever its participants are. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PurchaseContract {

  static final Duration SOON = Duration.ofSeconds(60);

  static final String ALL = "spring.profiles.active=shop,services";

  private final SortedMap<String, DatabaseInfo> databases = new TreeMap<>();

  PurchaseContract(String... names) {
    for (String name : names) {
      databases.put(name, TestDatabase.shared().createDatabase());
    }
  }

  /** Adds what each application of these tests has. */
  static String[] with(String... properties) {
    return Stream.concat(
            Stream.of("spring.flyway.locations=classpath:db/transfers", "evenkeel.saga.poll=50ms"),
            Stream.of(properties))
        .toArray(String[]::new);
  }

  @AfterAll
  void close() {
    applications().forEach(ConfigurableApplicationContext::close);
    databases.values().forEach(TestDatabase.shared()::dropDatabase);
  }

  /** All that run, the one that starts the sagas first. */
  abstract List<ConfigurableApplicationContext> applications();

  /** Whether commands travel as messages. */
  abstract boolean isRemote();

  /** Names the database that a shelf lies on. */
  abstract String databaseOfShelf(String shelf);

  /** Names the database that an account lies on, with the ledger. */
  abstract String databaseOfAccount(String account);

  /** Starts in a transaction at home. */
  UUID start(Purchase purchase) {
    return Objects.requireNonNull(
            new TransactionTemplate(shop().getBean(PlatformTransactionManager.class))
                .execute(status -> shop().getBean(Sagas.class).start(purchase)))
        .id();
  }

  final ConfigurableApplicationContext shop() {
    return applications().get(0);
  }

  final SortedMap<String, DatabaseInfo> databases() {
    return databases;
  }

  final JdbcTemplate on(String database) {
    DatabaseInfo info = databases.get(database);
    return new JdbcTemplate(
        new DriverManagerDataSource(info.jdbcUrl(), info.username(), info.password()));
  }

  private SagaStatus awaitEnd(UUID saga) {
    return await()
        .atMost(SOON)
        .until(
            () -> shop().getBean(Sagas.class).status(saga).orElseThrow(),
            status -> status.state().isEnded());
  }

  private List<String> movements(String database, Purchase purchase, String place) {
    return on(database)
        .queryForList(
            "SELECT kind FROM movement WHERE transfer = ? AND account = ? ORDER BY kind",
            String.class,
            purchase.id(),
            place);
  }

  private List<String> movements(Purchase purchase) {
    return databases.keySet().stream()
        .flatMap(
            database ->
                on(database)
                    .queryForList(
                        "SELECT kind FROM movement WHERE transfer = ?", String.class, purchase.id())
                    .stream())
        .toList();
  }

  private long commands(UUID saga) {
    return databases.keySet().stream()
        .mapToLong(
            database ->
                on(database)
                    .queryForObject(
                        "SELECT count(*) FROM evenkeel.outbox WHERE type LIKE 'saga-command.%' AND aggregateid LIKE ?",
                        Long.class, saga + "/%"))
        .sum();
  }

  private static Purchase purchase(String shelf) {
    String id = UUID.randomUUID().toString();
    return new Purchase(id, "account-" + id, shelf + "-" + id);
  }

  @Test
  void participantsCarryTheStepsOutEachOnItsShard() {
    Purchase purchase = purchase("shelf");
    UUID saga = start(purchase);

    assertThat(awaitEnd(saga).state()).isEqualTo(SagaState.COMPLETED);

    assertThat(movements(databaseOfShelf(purchase.shelf()), purchase, purchase.shelf()))
        .containsExactly("pack", "sent parcel of " + purchase.id());
    assertThat(movements(databaseOfAccount(purchase.account()), purchase, purchase.account()))
        .contains("charge");
    assertThat(movements(purchase)).hasSize(4).contains("booking");
    assertThat(commands(saga)).isEqualTo(isRemote() ? 3 : 0);
  }

  @Test
  void refusalOfAParticipantHasTheOtherUndoWhatItDid() {
    Purchase purchase = purchase(Depot.EMPTY);
    UUID saga = start(purchase);

    SagaStatus status = awaitEnd(saga);

    assertThat(status.state()).isEqualTo(SagaState.COMPENSATED);
    SagaFailure failure = Objects.requireNonNull(status.failure());
    assertThat(failure.reason()).isEqualTo(SagaFailure.Reason.REFUSED);
    assertThat(failure.step()).isEqualTo("pack");
    assertThat(failure.message()).isEqualTo(purchase.shelf() + " is empty");
    assertThat(movements(purchase)).isEmpty();
    if (isRemote()) {
      assertThat(commands(saga)).isGreaterThanOrEqualTo(3); // charge, pack, and charge undone
    }
  }

  @Test
  void contextThatIsStoppedAndStartedAgainHearsItsAnswers() {
    shop().stop();
    shop().start();

    assertThat(awaitEnd(start(purchase("shelf"))).state()).isEqualTo(SagaState.COMPLETED);
  }
}
