package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.ParkedState;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.outbox.spi.Fence;
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
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.audit.AuditEvent;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.jdbc.core.JdbcTemplate;

/** The endpoint over HTTP, in a process that does not relay. */
class EvenkeelOutboxEndpointIT {

  private static final String USER_HEADER = "X-User";

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration(
      excludeName = {
        "org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration",
        "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
        "org.springframework.boot.data.jpa.autoconfigure.DataJpaRepositoriesAutoConfiguration"
      })
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
  private static String url;

  private final HttpClient client = HttpClient.newHttpClient();
  private UUID dead;

  @BeforeAll
  static void start() {
    database = TestDatabase.shared().createDatabase();
    application =
        TestApplications.startWeb(
            database,
            Application.class,
            "evenkeel.relay.enabled=false",
            "management.endpoints.web.exposure.include=evenkeeloutbox,health",
            "management.endpoint.health.show-details=always");
    url =
        "http://127.0.0.1:%s/actuator/"
            .formatted(application.getEnvironment().getProperty("local.server.port"));
  }

  @AfterAll
  static void stop() {
    application.close();
    TestDatabase.shared().dropDatabase(database);
  }

  @BeforeEach
  void parkADeadLetter() {
    OutboxMessage message =
        OutboxMessage.of(
            "placed",
            1,
            "order",
            UUID.randomUUID().toString(),
            "{}".getBytes(StandardCharsets.UTF_8));
    application
        .getBean(ParkedStore.class)
        .park(
            Fence.relay(0),
            "billing",
            message,
            ParkReason.HANDLER_FAILED,
            "no such customer",
            null);
    dead = message.id();
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder decide(UUID message, String json) {
    return HttpRequest.newBuilder(URI.create(url + "evenkeeloutbox/billing/" + message))
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(json));
  }

  private HttpRequest.Builder retire(String consumer) {
    return HttpRequest.newBuilder(URI.create(url + "evenkeeloutbox/" + consumer)).DELETE();
  }

  private HttpRequest.Builder decideByFilter(String json) {
    return HttpRequest.newBuilder(URI.create(url + "evenkeeloutbox"))
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(json));
  }

  private HttpResponse<String> get(String rest, String... user) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + "evenkeeloutbox" + rest));
    return send(user.length == 0 ? request : request.header(USER_HEADER, user[0]));
  }

  private HttpResponse<String> asOperator(HttpRequest.Builder request) throws Exception {
    return send(request.header(USER_HEADER, "operator"));
  }

  private ParkedState state() {
    return application.getBean(ParkedMessages.class).find("billing", dead).orElseThrow().state();
  }

  @Test
  void anybodyWhoMayReadSeesTheDeadLetters() throws Exception {
    HttpResponse<String> response =
        send(HttpRequest.newBuilder(URI.create(url + "evenkeeloutbox?limit=1000")));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body())
        .contains(dead.toString(), "no such customer")
        .doesNotContain("\"payload\"");
  }

  @Test
  void limitOutOfRangeIsABadRequest() throws Exception {
    assertThat(
            send(HttpRequest.newBuilder(URI.create(url + "evenkeeloutbox?limit=0"))).statusCode())
        .isEqualTo(400);
  }

  @Test
  void deadLettersAreShownByFilterAndPage() throws Exception {
    assertThat(get("?consumer=nobody").body()).contains("\"deadLetters\":[]");
    assertThat(get("?reason=handler_failed&type=placed&limit=1000").body())
        .contains(dead.toString());
    assertThat(get("?parkedAfter=2999-01-01T00:00:00Z").body()).contains("\"deadLetters\":[]");

    parkADeadLetter();
    String first = get("?consumer=billing&limit=1").body();
    String next = first.replaceAll(".*\"next\":\"([^\"]+)\".*", "$1");
    String second = get("?consumer=billing&limit=1&after=" + next).body();
    assertThat(messageId(second)).isNotEqualTo(messageId(first));
  }

  private static String messageId(String body) {
    return body.replaceAll("(?s).*\"messageId\":\"([^\"]+)\".*", "$1");
  }

  @Test
  void badInputIsAnsweredWithOneSentence() throws Exception {
    assertThat(get("?limit=0").body())
        .isEqualTo("{\"message\":\"limit must be between 1 and 10000, was 0\"}");
    assertThat(get("?after=2").body()).contains("after must be the");
    assertThat(get("?reason=bad").body()).contains("reason must be one of [HANDLER_FAILED");
    assertThat(get("?parkedBefore=today").body())
        .contains("parkedBefore must be an instant such as");
    for (String body :
        List.of(
            "{}",
            "{\"decision\": \"RETRY\"}",
            "{\"decision\": \"FORGET\", \"all\": true}",
            "{\"decision\": \"DISCARD\", \"all\": true}",
            "{\"decision\": \"EDIT\", \"all\": true}",
            "{\"decision\": \"RETRY\", \"all\": true, \"consumer\": \"billing\"}")) {
      HttpResponse<String> response = asOperator(decideByFilter(body));
      assertThat(response.statusCode()).as(body).isEqualTo(400);
      assertThat(response.body()).as(body).startsWith("{\"message\":");
    }
    for (String body :
        List.of(
            "{}",
            "{\"decision\": \"EDIT\", \"because\": \"x\", \"payload\": \"1\"}",
            "{\"decision\": \"EDIT\", \"because\": \"x\", \"revision\": 0}",
            "{\"decision\": \"EDIT\", \"payload\": \"1\", \"revision\": 0}",
            "{\"decision\": \"EDIT\", \"because\": \"x\", \"revision\": 0, \"payloadBase64\": \"~\"}",
            "{\"decision\": \"EDIT\", \"because\": \"x\", \"revision\": 0, \"headers\": \"[]\"}",
            "{\"decision\": \"EDIT\", \"because\": \"x\", \"revision\": 0, \"headers\": \"{\"}")) {
      HttpResponse<String> response = asOperator(decide(dead, body));
      assertThat(response.statusCode()).as(body).isEqualTo(400);
      assertThat(response.body()).as(body).startsWith("{\"message\":");
    }
    assertThat(state()).isEqualTo(ParkedState.DEAD);
  }

  @Test
  void payloadIsShownToWhomIsLoggedIn() throws Exception {
    assertThat(get("/billing/" + dead).body())
        .contains("\"state\":\"DEAD\"", "\"payload\":null", "no such customer");
    assertThat(get("/billing/" + dead, "operator").body())
        .contains("\"payload\":{\"text\":\"{}\",\"base64\":null}");
    assertThat(get("/billing/" + UUID.randomUUID()).statusCode()).isEqualTo(404);
  }

  @Test
  void editKeepsTheOriginalAndNamesWhoMadeIt() throws Exception {
    String edit =
        "{\"decision\": \"EDIT\", \"revision\": 0, \"because\": \"a typo\", \"payload\": \"{\\\"id\\\":7}\","
            + " \"headers\": \"{\\\"tenant\\\":\\\"acme\\\"}\"}";

    assertThat(asOperator(decide(dead, edit)).statusCode()).isEqualTo(200);
    HttpResponse<String> again = asOperator(decide(dead, edit));

    assertThat(again.statusCode()).isEqualTo(409);
    assertThat(again.body()).contains("was edited after revision 0; read it again");
    String body = get("/billing/" + dead, "operator").body();
    assertThat(body)
        .contains(
            "\"revision\":1",
            "\"headers\":{\"tenant\":\"acme\"}",
            "\"payload\":{\"text\":\"{\\\"id\\\":7}\",\"base64\":null}",
            "\"action\":\"EDIT\"",
            "\"because\":\"a typo\",\"payload\":{\"text\":\"{}\",\"base64\":null}");
    assertThat(get("/billing/" + dead).body()).doesNotContain("\"text\"");
    assertThat(state()).isEqualTo(ParkedState.DEAD);
  }

  @Test
  void decisionsByFilterReachThoseThatMatch() throws Exception {
    UUID other = dead;
    parkADeadLetter();

    HttpResponse<String> none =
        asOperator(decideByFilter("{\"decision\": \"RETRY\", \"consumer\": \"nobody\"}"));
    HttpResponse<String> some =
        asOperator(decideByFilter("{\"decision\": \"RETRY\", \"reason\": \"HANDLER_FAILED\"}"));
    parkADeadLetter();
    HttpResponse<String> discarded =
        asOperator(
            decideByFilter("{\"decision\": \"DISCARD\", \"all\": true, \"because\": \"a test\"}"));

    assertThat(none.body()).contains("RETRY of 0 dead letters was accepted");
    assertThat(some.statusCode()).isEqualTo(200);
    ParkedMessages parked = application.getBean(ParkedMessages.class);
    assertThat(parked.find("billing", other).orElseThrow().state()).isEqualTo(ParkedState.RETRYING);
    assertThat(discarded.body()).contains("DISCARD of 1 dead letters was accepted");
    assertThat(state()).isEqualTo(ParkedState.DISCARDED);
  }

  @Test
  void changesAndShownPayloadsAreAudited() throws Exception {
    get("/billing/" + dead, "auditor");
    send(decide(dead, "{\"decision\": \"RETRY\"}").header(USER_HEADER, "auditor"));

    assertThat(application.getBean(Application.class).audited)
        .filteredOn(event -> event.getPrincipal().equals("auditor"))
        .extracting(AuditEvent::getType)
        .containsExactly("EVENKEEL_INSPECT", "EVENKEEL_RETRY");
  }

  @Test
  void anonymousCallersChangeNothing() throws Exception {
    application
        .getBean(ConsumerRegistry.class)
        .register(List.of(new Subscription("kept", "placed", 1)));

    assertThat(send(decide(dead, "{\"decision\": \"RETRY\"}")).statusCode()).isEqualTo(403);
    assertThat(
            send(decide(dead, "{\"decision\": \"DISCARD\", \"because\": \"test\"}")).statusCode())
        .isEqualTo(403);
    assertThat(
            send(decide(
                    dead,
                    "{\"decision\": \"EDIT\", \"revision\": 0, \"because\": \"x\", \"payload\": \"1\"}"))
                .statusCode())
        .isEqualTo(403);
    assertThat(send(decideByFilter("{\"decision\": \"RETRY\", \"all\": true}")).statusCode())
        .isEqualTo(403);
    assertThat(
            send(decideByFilter("{\"decision\": \"RETRY\", \"all\": true}")
                    .header(USER_HEADER, "anonymousUser"))
                .statusCode())
        .isEqualTo(403);
    assertThat(send(retire("kept")).statusCode()).isEqualTo(403);

    assertThat(state()).isEqualTo(ParkedState.DEAD);
    assertThat(application.getBean(ConsumerRegistry.class).registered())
        .contains(new Subscription("kept", "placed", 1));
  }

  @Test
  void retryMakesTheDeadLetterDueAndNamesWhoAsked() throws Exception {
    HttpResponse<String> response =
        send(decide(dead, "{\"decision\": \"retry\"}").header(USER_HEADER, "operator"));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(state()).isEqualTo(ParkedState.RETRYING);
    assertThat(
            application.getBean(ParkedMessages.class).find("billing", dead).orElseThrow().error())
        .isEqualTo("no such customer");
    assertThat(get("/billing/" + dead, "operator").body())
        .contains("\"action\":\"RETRY\"", "\"by\":\"operator\"");
  }

  @Test
  void discardNeedsAReasonAndRecordsWhoDecided() throws Exception {
    assertThat(
            send(decide(dead, "{\"decision\": \"DISCARD\"}").header(USER_HEADER, "operator"))
                .statusCode())
        .isEqualTo(400);

    HttpResponse<String> response =
        send(
            decide(dead, "{\"decision\": \"DISCARD\", \"because\": \"a test order\"}")
                .header(USER_HEADER, "operator"));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(
            application
                .getBean(JdbcTemplate.class)
                .queryForObject(
                    "SELECT ended_by || ': ' || ended_because FROM evenkeel.parked_message"
                        + " WHERE message_id = ?",
                    String.class,
                    dead))
        .isEqualTo("operator: a test order");
  }

  @Test
  void unknownDeadLetterAndUnknownConsumerAreNotFound() throws Exception {
    assertThat(
            send(decide(UUID.randomUUID(), "{\"decision\": \"RETRY\"}")
                    .header(USER_HEADER, "operator"))
                .statusCode())
        .isEqualTo(404);
    assertThat(send(retire("nobody").header(USER_HEADER, "operator")).statusCode()).isEqualTo(404);
  }

  @Test
  void consumerIsRetired() throws Exception {
    ConsumerRegistry registry = application.getBean(ConsumerRegistry.class);
    registry.register(List.of(new Subscription("old", "placed", 1)));

    assertThat(send(retire("old").header(USER_HEADER, "operator")).statusCode()).isEqualTo(200);

    assertThat(registry.registered()).doesNotContain(new Subscription("old", "placed", 1));
  }

  @Test
  void healthOfAProcessWithoutARelayIsUp() throws Exception {
    HttpResponse<String> response = send(HttpRequest.newBuilder(URI.create(url + "health")));

    assertThat(response.body()).contains("\"evenkeel\"", "DISABLED");
    assertThat(response.statusCode()).isEqualTo(200);
  }
}
