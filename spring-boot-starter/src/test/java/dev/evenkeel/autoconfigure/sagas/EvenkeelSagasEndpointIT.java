package dev.evenkeel.autoconfigure.sagas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.saga.SagaFilter;
import dev.evenkeel.saga.SagaOperations;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.audit.AuditEvent;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** What operators find and decide over HTTP. */
class EvenkeelSagasEndpointIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String USER_HEADER = "X-User";

  @Configuration(proxyBeanMethods = false)
  @Import(TransferApplication.class)
  static class Application {

    final List<AuditEvent> audited = new CopyOnWriteArrayList<>();

    @EventListener
    void on(AuditApplicationEvent event) {
      audited.add(event.getAuditEvent());
    }

    /** Stands for the application's login: whoever names himself is that. */
    @Bean
    Filter login() {
      return (request, response, chain) ->
          chain.doFilter(
              new HttpServletRequestWrapper((HttpServletRequest) request) {
                @Override
                public Principal getUserPrincipal() {
                  String name = getHeader(USER_HEADER);
                  return name == null ? null : () -> name;
                }
              },
              response);
    }
  }

  private static DatabaseInfo database;
  private static ConfigurableApplicationContext application;

  private final HttpClient client = HttpClient.newHttpClient();
  private Transfer transfer;
  private UUID stuck;

  @BeforeAll
  static void start() {
    database = TestDatabase.shared().createDatabase();
    application =
        TestApplications.startWeb(database, Application.class, TransferContract.PROPERTIES);
  }

  @AfterAll
  static void stop() {
    application.close();
    TestDatabase.shared().dropDatabase(database);
  }

  /** One whose last step fails for ever. */
  @BeforeEach
  void startOneThatGetsStuck() {
    application.getBean(Application.class).audited.clear();
    transfer = new Transfer(UUID.randomUUID().toString(), "from", "to", TransferSaga.MUTE);
    stuck =
        new TransactionTemplate(application.getBean(PlatformTransactionManager.class))
            .execute(status -> application.getBean(Transfers.class).start(transfer).id());
    await().atMost(SOON).until(() -> status().stuckReason() != null);
  }

  private SagaStatus status() {
    return application.getBean(Sagas.class).status(stuck).orElseThrow();
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(
        URI.create(
            "http://127.0.0.1:%s/actuator/evenkeelsagas%s"
                .formatted(application.getEnvironment().getProperty("local.server.port"), path)));
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> decide(String path, String json)
      throws IOException, InterruptedException {
    return send(
        to(path)
            .header("Content-Type", "application/json")
            .header(USER_HEADER, "ops")
            .POST(BodyPublishers.ofString(json)));
  }

  private void awaitEnd() {
    await().atMost(SOON).until(() -> status().state() == SagaState.COMPLETED);
  }

  @Test
  void searchFindsByWhatIsGiven() throws Exception {
    String shared = "?state=RUNNING,CLOSING&stuck=true&step=tell&error=nobody&limit=1000";
    assertThat(send(to(shared)).body()).contains(stuck.toString(), "nobody listens");
    assertThat(send(to("?key=" + transfer.id())).body()).contains(stuck.toString());
    assertThat(send(to("?key=x" + transfer.id())).body()).doesNotContain(stuck.toString());
    assertThat(send(to("?state=COMPENSATED")).body()).doesNotContain(stuck.toString());
    HttpResponse<String> unknown = send(to("?state=WAITING"));
    assertThat(unknown.statusCode()).isEqualTo(400);
    assertThat(unknown.body()).contains("state must be one of");
    assertThat(send(to("?limit=0")).statusCode()).isEqualTo(400);
  }

  @Test
  void anonymousCallersDecideNothing() throws Exception {
    for (String path : List.of("/" + stuck, "")) {
      HttpResponse<String> response =
          send(
              to(path)
                  .header("Content-Type", "application/json")
                  .POST(
                      BodyPublishers.ofString(
                          "{\"decision\":\"SKIP\",\"targetStep\":\"tell\",\"because\":\"x\",\"stuck\":true}")));
      assertThat(response.statusCode()).isEqualTo(403);
      assertThat(response.body()).contains("Deciding about sagas needs a caller who is logged in");
    }
    assertThat(application.getBean(Application.class).audited).isEmpty();
    assertThat(application.getBean(SagaOperations.class).actions(stuck)).isEmpty();
    assertThat(status().state()).isEqualTo(SagaState.RUNNING);
  }

  @Test
  void aDecisionAboutOneIsCarriedOutAndAudited() throws Exception {
    HttpResponse<String> response =
        decide(
            "/" + stuck,
            "{\"decision\":\"skip\",\"targetStep\":\"tell\",\"because\":\"told by phone\"}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    awaitEnd();
    assertThat(application.getBean(Application.class).audited)
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.getPrincipal()).isEqualTo("ops");
              assertThat(event.getType()).isEqualTo("EVENKEEL_SAGA_SKIP");
              assertThat(event.getData())
                  .containsEntry("saga", stuck.toString())
                  .containsEntry("step", "tell")
                  .containsEntry("because", "told by phone");
            });
    assertThat(send(to("/" + stuck)).body())
        .contains("\"actedBy\":\"ops\"", "told by phone", "SKIPPED");
  }

  @Test
  void aDecisionByFilterNamesItsChoiceAndSaysHowManyThereWere() throws Exception {
    String skip = "{\"decision\":\"SKIP\",\"targetStep\":\"tell\",\"because\":\"told\"%s}";
    HttpResponse<String> nothing = decide("", skip.formatted(""));
    assertThat(nothing.statusCode()).isEqualTo(400);
    assertThat(nothing.body()).contains("\\\"all\\\": true");
    assertThat(decide("", skip.formatted(",\"all\":true,\"stuck\":true")).statusCode())
        .isEqualTo(400);
    int before =
        application
            .getBean(SagaOperations.class)
            .search(SagaFilter.all().onlyStuck(), 1000, null)
            .sagas()
            .size();

    HttpResponse<String> response = decide("", skip.formatted(",\"stuck\":true"));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.body()).contains("\"done\":" + before, "\"refused\":0");
    awaitEnd();
    assertThat(application.getBean(Application.class).audited)
        .extracting(AuditEvent::getType)
        .containsExactly("EVENKEEL_SAGA_SKIP");
  }

  @Test
  void whatMakesNoSenseIsRefusedWithOneSentence() throws Exception {
    assertThat(decide("/" + stuck, "{\"decision\":\"CANCEL\",\"because\":\"x\"}"))
        .satisfies(
            r -> {
              assertThat(r.statusCode()).isEqualTo(409);
              assertThat(r.body()).contains("has passed its pivot");
            });
    assertThat(decide("/" + stuck, "{\"decision\":\"RETRY\"}").statusCode()).isEqualTo(400);
    assertThat(decide("/" + stuck, "{\"decision\":\"SKIP\",\"because\":\"x\"}").statusCode())
        .isEqualTo(400);
    UUID unknown = new UUID(stuck.getMostSignificantBits(), stuck.getLeastSignificantBits() ^ 1);
    assertThat(decide("/" + unknown, "{\"decision\":\"RETRY\",\"because\":\"x\"}").statusCode())
        .isEqualTo(404);
    assertThat(application.getBean(Application.class).audited).isEmpty();
  }
}
