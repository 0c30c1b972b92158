package dev.evenkeel.autoconfigure.sagas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.saga.SagaException;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaHistoryEntry;
import dev.evenkeel.saga.SagaRef;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.StartedSaga;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.test.simple.SimpleTracer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** One application with sagas; the same without shards and with them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TransferContract {

  static final Duration SOON = Duration.ofSeconds(60);

  static final String[] PROPERTIES = {
    "spring.flyway.locations=classpath:db/transfers",
    "evenkeel.saga.stuck-after=2",
    "evenkeel.saga.poll=50ms",
    "management.endpoints.web.exposure.include=evenkeelsagas"
  };

  @Configuration(proxyBeanMethods = false)
  @Import(TransferApplication.class)
  static class Traced {

    @Bean
    SimpleTracer tracer() {
      return new SimpleTracer();
    }
  }

  private final SortedMap<String, DatabaseInfo> databases = new TreeMap<>();
  private final ConfigurableApplicationContext application;
  private final Sagas sagas;
  private final HttpClient client = HttpClient.newHttpClient();

  /**
   * Starts the application.
   *
   * @param names of the installations
   */
  TransferContract(
      Function<SortedMap<String, DatabaseInfo>, ConfigurableApplicationContext> variant,
      String... names) {
    for (String name : names) {
      databases.put(name, TestDatabase.shared().createDatabase());
    }
    this.application = variant.apply(databases);
    this.sagas = application.getBean(Sagas.class);
  }

  @AfterAll
  void close() {
    application.close();
    databases.values().forEach(TestDatabase.shared()::dropDatabase);
  }

  /** Runs work in a transaction on the shard of a key. */
  abstract <T> T inShard(String key, Supplier<T> work);

  /** An account of that kind, on the nth database. */
  abstract String account(String kind, int database);

  /** Name of the database that an account lies on. */
  abstract String databaseOf(String account);

  final ConfigurableApplicationContext application() {
    return application;
  }

  final Transfer transfer(String to, String auditor) {
    return new Transfer(
        UUID.randomUUID().toString(), account("from", 0), account(to, 1), account(auditor, 2));
  }

  final UUID start(Transfer transfer) {
    return inShard(transfer.from(), () -> application.getBean(Transfers.class).start(transfer))
        .id();
  }

  private void request(Transfer transfer) {
    inShard(
        transfer.auditor(), // anywhere but home
        () -> {
          application
              .getBean(Transfers.class)
              .request(
                  new TransferRequested(
                      transfer.id(), transfer.from(), transfer.to(), transfer.auditor()));
          return "requested";
        });
  }

  final SagaStatus awaitEnd(UUID saga) {
    return await()
        .atMost(SOON)
        .until(() -> sagas.status(saga).orElseThrow(), status -> status.state().isEnded());
  }

  private SagaStatus awaitEnd(Transfer transfer) {
    SagaRef ref = new SagaRef("transfer", transfer.id(), transfer.from());
    await().atMost(SOON).until(() -> sagas.find(ref).isPresent());
    return awaitEnd(sagas.find(ref).orElseThrow().id());
  }

  private JdbcTemplate on(String database) {
    DatabaseInfo info = databases.get(database);
    return new JdbcTemplate(
        new DriverManagerDataSource(info.jdbcUrl(), info.username(), info.password()));
  }

  private List<String> movements(Transfer transfer, String account) {
    return on(databaseOf(account))
        .queryForList(
            "SELECT kind FROM movement WHERE transfer = ? AND account = ? ORDER BY kind",
            String.class,
            transfer.id(),
            account);
  }

  private double meter(String name, String... tags) {
    return application.getBean(MeterRegistry.class).get(name).tags(tags).meters().stream()
        .flatMap(meter -> StreamSupport.stream(meter.measure().spliterator(), false))
        .findFirst()
        .orElseThrow()
        .getValue();
  }

  @Test
  void eventStartsOneInstanceWhoseStepsRunOnTheirShards() {
    Transfer transfer = transfer("to", "auditor");
    request(transfer);
    request(transfer); // another message, the same key

    SagaStatus status = awaitEnd(transfer);

    assertThat(status.state()).isEqualTo(SagaState.COMPLETED);
    assertThat(movements(transfer, transfer.from())).containsExactly("debit", "told");
    assertThat(movements(transfer, transfer.to())).containsExactly("credit");
    assertThat(movements(transfer, transfer.auditor())).containsExactly("booking");
    assertThat(sagas.history(status.id()))
        .filteredOn(entry -> entry.kind() == SagaHistoryEntry.Kind.DONE)
        .extracting(SagaHistoryEntry::step, SagaHistoryEntry::shard)
        .containsExactly(
            tuple("debit", databaseOf(transfer.from())),
            tuple("credit", databaseOf(transfer.to())),
            tuple("book", databaseOf(transfer.auditor())),
            tuple("tell", databaseOf(transfer.from())));
    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(
                        on(databaseOf(transfer.from()))
                            .queryForObject(
                                "SELECT count(*) FROM evenkeel.inbox WHERE consumer = 'saga:transfer'",
                                Integer.class))
                    .as("the inbox rows are where the instance is")
                    .isGreaterThanOrEqualTo(2));
  }

  @Test
  void startThatRollsBackLeavesNothing() {
    Transfer transfer = transfer("to", "auditor");
    AtomicReference<StartedSaga> started = new AtomicReference<>();

    assertThatThrownBy(
            () ->
                inShard(
                    transfer.from(),
                    () -> {
                      started.set(application.getBean(Transfers.class).start(transfer));
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(sagas.status(started.get().id())).isEmpty();
  }

  @Test
  void startOutsideATransactionIsRefused() {
    assertThatThrownBy(() -> sagas.start(transfer("to", "auditor")))
        .isInstanceOf(SagaException.class);
  }

  @Test
  void refusalUndoesEverything() {
    Transfer transfer = transfer(TransferSaga.CLOSED, "auditor");

    SagaStatus status = awaitEnd(start(transfer));

    assertThat(status.state()).isEqualTo(SagaState.COMPENSATED);
    assertThat(status.failure().reason()).isEqualTo(SagaFailure.Reason.REFUSED);
    assertThat(movements(transfer, transfer.from())).isEmpty();
    assertThat(movements(transfer, transfer.to())).isEmpty();
    assertThat(movements(transfer, transfer.auditor())).isEmpty();
  }

  @Test
  void startsEndsAndAttemptsAreMeasured() {
    awaitEnd(start(transfer("to", "auditor")));
    awaitEnd(start(transfer(TransferSaga.CLOSED, "auditor")));

    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(meter("evenkeel.saga.started", "saga", "transfer")).isPositive();
              assertThat(meter("evenkeel.saga.ended", "saga", "transfer", "state", "COMPLETED"))
                  .isPositive();
              assertThat(meter("evenkeel.saga.ended", "saga", "transfer", "state", "COMPENSATED"))
                  .isPositive();
              assertThat(
                      meter(
                          "evenkeel.saga.step",
                          "step",
                          "book",
                          "direction",
                          "forward",
                          "outcome",
                          "DONE"))
                  .isPositive();
              assertThat(
                      meter(
                          "evenkeel.saga.step",
                          "step",
                          "credit",
                          "direction",
                          "forward",
                          "outcome",
                          "REFUSED"))
                  .isPositive();
              assertThat(
                      meter(
                          "evenkeel.saga.step",
                          "step",
                          "debit",
                          "direction",
                          "compensation",
                          "outcome",
                          "DONE"))
                  .isPositive();
            });
    for (String database : databases.keySet()) {
      assertThat(meter("evenkeel.saga.active", "shard", database, "state", "RUNNING")).isNotNaN();
    }
  }

  @Test
  void stuckSagaIsShownAndCountedAndTakesNobodyOutOfService() {
    Transfer transfer = transfer("to", TransferSaga.MUTE);
    UUID saga = start(transfer);

    await().atMost(SOON).until(() -> sagas.status(saga).orElseThrow().stuckReason() != null);

    String home = databaseOf(transfer.from());
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              Health health =
                  application.getBean("evenkeelHealthIndicator", HealthIndicator.class).health();
              assertThat(health.getStatus()).isEqualTo(Status.UP);
              assertThat(health.getDetails().toString()).contains("stuckSagas=1");
              assertThat(meter("evenkeel.saga.active.stuck", "shard", home)).isEqualTo(1);
              assertThat(meter("evenkeel.saga.stuck", "saga", "transfer")).isEqualTo(1);
            });
  }

  @Test
  void sagaIsOneTraceWithWhatItsStepsAppend() {
    SimpleTracer tracer = application.getBean(SimpleTracer.class);
    Span request = tracer.nextSpan().name("request").start();
    Transfer transfer = transfer("to", "auditor");
    UUID saga;
    Tracer.SpanInScope scope = tracer.withSpan(request);
    try {
      saga = start(transfer);
    } finally {
      scope.close();
      request.end();
    }

    awaitEnd(saga);

    String trace = "0".repeat(16) + request.context().traceId(); // this tracer's ids are short
    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(tracer.getSpans())
                    .filteredOn(span -> span.context().traceId().equals(trace))
                    .extracting(span -> span.getName())
                    .contains(
                        "transfer debit", "transfer credit", "transfer book", "transfer tell"));
    Map<String, Object> booked =
        on(databaseOf(transfer.auditor()))
            .queryForMap(
                "SELECT headers ->> 'traceparent' AS trace, headers ->> 'correlation-id' AS correlation"
                    + " FROM evenkeel.outbox WHERE type = 'transfer-booked' AND aggregateid = ?",
                transfer.id());
    assertThat(booked.get("trace").toString()).startsWith("00-" + trace + "-");
    assertThat(booked.get("correlation")).isEqualTo(saga.toString());
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:%s/actuator/evenkeelsagas%s"
                        .formatted(
                            application.getEnvironment().getProperty("local.server.port"), path)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void endpointShowsDefinitionsAndOneInstance() throws Exception {
    Transfer transfer = transfer("to", "auditor");
    UUID saga = start(transfer);
    awaitEnd(saga);

    assertThat(get("").body())
        .contains("\"transfer\"", "flowchart", "\"" + databases.firstKey() + "\"", "\"stuck\"");
    HttpResponse<String> one = get("/" + saga);
    assertThat(one.statusCode()).isEqualTo(200);
    assertThat(one.body()).contains(transfer.id(), "COMPLETED", "\"history\"", "\"book\"");
    UUID unknown = new UUID(saga.getMostSignificantBits(), saga.getLeastSignificantBits() ^ 1);
    assertThat(get("/" + unknown).statusCode()).isEqualTo(404);
  }

  static int slot(String account) {
    return SlotHash.slotOf(account);
  }
}
