package dev.evenkeel.autoconfigure.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.DeadLetter;
import dev.evenkeel.outbox.DeadLetterFilter;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.saga.SagaRef;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.actuate.endpoint.annotation.DiscoveredEndpoint;
import org.springframework.boot.actuate.endpoint.web.ExposableWebEndpoint;
import org.springframework.boot.actuate.endpoint.web.WebEndpointHttpMethod;
import org.springframework.boot.actuate.endpoint.web.WebEndpointsSupplier;
import org.springframework.boot.actuate.endpoint.web.WebOperation;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * An application of three roles, none of them a superuser, with payloads and passwords that nobody
 * may read: it sends, retries, parks and gives up messages, and its sagas end in every way.
 */
@ExtendWith(OutputCaptureExtension.class)
class SecurityIT {

  private static final Duration SOON = Duration.ofSeconds(60);

  private static final String NUMBER = "4716-2210-secret-number";
  private static final String PASSWORD = "top-secret-password";

  private static final DatabaseInfo DATABASE = TestDatabase.shared().createDatabase();
  private static final String OWNER = "owner_" + DATABASE.name();
  private static final String APPLICATION = "application_" + DATABASE.name();
  private static final String RELAY = "relay_" + DATABASE.name();

  private static ConfigurableApplicationContext application;

  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeAll
  static void start() throws SQLException {
    execute(
        DATABASE,
        "CREATE ROLE %s LOGIN PASSWORD '%s-owner'".formatted(OWNER, PASSWORD),
        "CREATE ROLE %s LOGIN PASSWORD '%s-application'".formatted(APPLICATION, PASSWORD),
        "CREATE ROLE %s LOGIN REPLICATION PASSWORD '%s-relay'".formatted(RELAY, PASSWORD),
        "GRANT CREATE ON DATABASE \"%s\" TO %s".formatted(DATABASE.name(), OWNER),
        "GRANT %s TO %s".formatted(APPLICATION, RELAY),
        "CREATE TABLE card (number text PRIMARY KEY)",
        "GRANT ALL ON card TO " + APPLICATION);
    application =
        TestApplications.startWeb(
            DATABASE,
            CardApplication.class,
            "logging.level.root=INFO",
            "spring.datasource.username=" + APPLICATION,
            "spring.datasource.password=" + PASSWORD + "-application",
            "evenkeel.migration.username=" + OWNER,
            "evenkeel.migration.password=" + PASSWORD + "-owner",
            "evenkeel.migration.application-role=" + APPLICATION,
            "evenkeel.migration.relay-role=" + RELAY,
            "evenkeel.relay.username=" + RELAY,
            "evenkeel.relay.password=" + PASSWORD + "-relay",
            "evenkeel.inbox.retry.in-memory-attempts=2",
            "evenkeel.inbox.retry.in-memory-budget=50ms",
            "evenkeel.inbox.retry.max-attempts=1",
            "evenkeel.inbox.retry.first-backoff=50ms",
            "evenkeel.saga.stuck-after=2",
            "evenkeel.saga.poll=50ms",
            "management.endpoints.web.exposure.include=*");
    appendEvents();
    startSagas();
  }

  private static void appendEvents() {
    transactions()
        .executeWithoutResult(
            status -> {
              Outbox outbox = application.getBean(Outbox.class);
              outbox.append(new CardAdded("good", NUMBER));
              outbox.append(new CardAdded(Cards.TWICE, NUMBER));
              outbox.append(new CardAdded(Cards.BATCH, NUMBER));
              for (String payload : List.of("{\"number\":[\"%s\"]}", "%s", "{\"%s\"", "null")) {
                outbox.append(
                    OutboxMessage.of(
                        "card-added",
                        1,
                        "card",
                        "unreadable-" + payload.length(),
                        payload.formatted(NUMBER).getBytes(StandardCharsets.UTF_8)));
              }
            });
  }

  private static void startSagas() {
    for (String id : List.of("good", ChargeSaga.REFUSED, ChargeSaga.EXHAUSTED, ChargeSaga.STUCK)) {
      transactions()
          .executeWithoutResult(
              status -> application.getBean(Sagas.class).start(new Charge(id, NUMBER)));
    }
  }

  private static TransactionTemplate transactions() {
    return new TransactionTemplate(application.getBean(PlatformTransactionManager.class));
  }

  private static void execute(DatabaseInfo database, String... statements) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  @AfterAll
  static void stop() throws SQLException {
    application.close();
    TestDatabase.shared().dropDatabase(DATABASE);
    execute(
        TestDatabase.shared().maintenanceDatabase(),
        "DROP ROLE %s, %s, %s".formatted(OWNER, APPLICATION, RELAY));
  }

  private static SagaStatus saga(String id) {
    return application.getBean(Sagas.class).find(new SagaRef("charge", id, id)).orElseThrow();
  }

  private static List<DeadLetter> deadLetters() {
    return application
        .getBean(ParkedMessages.class)
        .deadLetters(DeadLetterFilter.all(), null, 100)
        .letters();
  }

  private static void awaitEverything() {
    await().atMost(SOON).until(() -> deadLetters().size() == 6);
    await().atMost(SOON).until(() -> saga("good").state() == SagaState.COMPLETED);
    await().atMost(SOON).until(() -> saga(ChargeSaga.REFUSED).state() == SagaState.COMPENSATED);
    await().atMost(SOON).until(() -> saga(ChargeSaga.EXHAUSTED).state() == SagaState.COMPENSATED);
    await().atMost(SOON).until(() -> saga(ChargeSaga.STUCK).stuckReason() != null);
  }

  @Test
  void neitherPayloadsNorPasswordsAreLoggedWhateverHappensToThem(CapturedOutput output) {
    awaitEverything();

    assertThat(output.getAll())
        .contains(
            "INFO", "io.debezium", "is parked for cards", "is a dead letter of cards", "SQLSTATE")
        .doesNotContain(NUMBER)
        .doesNotContain(PASSWORD);
  }

  @Test
  void whatIsKeptOfFailuresHasNoPayloadEither() {
    awaitEverything();

    assertThat(deadLetters())
        .extracting(DeadLetter::error)
        .isNotEmpty()
        .allSatisfy(error -> assertThat(error).isNotBlank().doesNotContain(NUMBER));
    assertThat(saga(ChargeSaga.STUCK).stuckReason()).isNotBlank().doesNotContain(NUMBER);
    assertThat(String.valueOf(saga(ChargeSaga.EXHAUSTED).failure()))
        .contains("SQLSTATE 23505")
        .doesNotContain(NUMBER);
  }

  /** What is there by the application's own account, so that no new one can be forgotten. */
  private static Map<String, WebOperation> operations() {
    Map<String, WebOperation> operations = new TreeMap<>();
    for (ExposableWebEndpoint endpoint :
        application.getBean(WebEndpointsSupplier.class).getEndpoints()) {
      Object bean =
          endpoint instanceof DiscoveredEndpoint<?> discovered
              ? discovered.getEndpointBean()
              : endpoint;
      if (bean.getClass().getName().startsWith("dev.evenkeel.")) {
        endpoint
            .getOperations()
            .forEach(
                operation -> operations.put(operation.getRequestPredicate().toString(), operation));
      }
    }
    return operations;
  }

  private HttpResponse<String> call(WebOperation operation, String... headers) throws Exception {
    String path =
        operation
            .getRequestPredicate()
            .getPath()
            .replaceAll("\\{[^}]+}", UUID.randomUUID().toString());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
            URI.create(
                "http://127.0.0.1:%s/actuator/%s"
                    .formatted(
                        application.getEnvironment().getProperty("local.server.port"), path)));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(
        request
            .header("Content-Type", "application/json")
            .method(
                operation.getRequestPredicate().getHttpMethod().name(),
                operation.getRequestPredicate().getHttpMethod() == WebEndpointHttpMethod.POST
                    ? BodyPublishers.ofString(
                        "{\"decision\":\"RETRY\",\"because\":\"why\",\"all\":true}")
                    : BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void everyOperationThatChangesSomethingRefusesWhoDidNotLogIn() throws Exception {
    awaitEverything();
    List<String> refused = new ArrayList<>();
    for (Map.Entry<String, WebOperation> operation : operations().entrySet()) {
      if (operation.getValue().getRequestPredicate().getHttpMethod() != WebEndpointHttpMethod.GET) {
        for (String[] nobody :
            new String[][] {
              {}, {CardApplication.USER_HEADER, "anonymousUser"}, {CardApplication.USER_HEADER, " "}
            }) {
          HttpResponse<String> answer = call(operation.getValue(), nobody);
          assertThat(answer.statusCode()).as("%s: %s", operation, answer.body()).isEqualTo(403);
          assertThat(answer.body()).contains("needs a caller who is logged in");
        }
        refused.add(operation.getKey());
        // It is the caller that is refused, not the request.
        assertThat(call(operation.getValue(), CardApplication.USER_HEADER, "ops").statusCode())
            .as("%s", operation)
            .isIn(200, 404);
      }
    }
    assertThat(refused).hasSize(5);
  }

  @Test
  void nobodyWorksAsASuperuserAndEachAsItsOwnRole() {
    awaitEverything();
    JdbcTemplate administrator = new JdbcTemplate(DATABASE.dataSource());

    assertThat(
            administrator.queryForList(
                "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()",
                String.class,
                DATABASE.name()))
        .containsExactlyInAnyOrder(APPLICATION, RELAY);
    assertThat(
            administrator.queryForList(
                "SELECT usename::text FROM pg_stat_activity WHERE datname = ? AND backend_type = 'walsender'",
                String.class,
                DATABASE.name()))
        .containsExactly(RELAY);
    assertThat(
            administrator.queryForList(
                "SELECT rolname::text FROM pg_roles WHERE rolname IN (?, ?, ?) AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR (rolreplication AND rolname <> ?))",
                String.class,
                OWNER,
                APPLICATION,
                RELAY,
                RELAY))
        .isEmpty();
  }
}
