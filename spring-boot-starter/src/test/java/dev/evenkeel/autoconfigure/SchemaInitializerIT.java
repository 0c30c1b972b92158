package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import jakarta.persistence.EntityManagerFactory;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.datasource.SimpleDriverDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;

class SchemaInitializerIT {

  private static final int CONTEXTS = 10;

  private DatabaseInfo database;

  @BeforeEach
  void createDatabase() {
    database = TestDatabase.shared().createDatabase();
  }

  @AfterEach
  void dropDatabase() {
    TestDatabase.shared().dropDatabase(database);
  }

  private ApplicationContextRunner runner() {
    return new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                DataSourceAutoConfiguration.class,
                DataSourceTransactionManagerAutoConfiguration.class,
                EvenkeelAutoConfiguration.class,
                EvenkeelEndpointAutoConfiguration.class,
                EvenkeelHealthAutoConfiguration.class,
                EvenkeelMetricsAutoConfiguration.class,
                EvenkeelTracingAutoConfiguration.class,
                EvenkeelRelayAutoConfiguration.class))
        .withPropertyValues(
            "spring.datasource.url=" + database.jdbcUrl(),
            "spring.datasource.username=" + database.username(),
            "spring.datasource.password=" + database.password(),
            "spring.datasource.hikari.maximum-pool-size=4",
            "spring.datasource.hikari.minimum-idle=0",
            "evenkeel.relay.enabled=false");
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void tenContextsMigrateTheSameDatabaseAtTheSameTime() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(CONTEXTS);
    CyclicBarrier together = new CyclicBarrier(CONTEXTS);
    try {
      List<Future<Throwable>> failures = new ArrayList<>();
      for (int i = 0; i < CONTEXTS; i++) {
        failures.add(
            threads.submit(
                () -> {
                  together.await();
                  Throwable[] failure = new Throwable[1];
                  runner().run(context -> failure[0] = context.getStartupFailure());
                  return failure[0];
                }));
      }
      for (Future<Throwable> failure : failures) {
        assertThat(failure.get()).isNull();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void windowLongerThanTheInboxRingFailsTheStart() {
    runner()
        .withPropertyValues("evenkeel.inbox.window=15d")
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .rootCause()
                    .isInstanceOf(EvenkeelConfigurationException.class)
                    .hasMessageContaining("evenkeel.inbox.window must be shorter than")
                    .hasMessageContaining("it was PT360H"));
  }

  @Test
  void windowShorterThanTheOutboxCanTakeFailsTheStart() {
    runner()
        .withPropertyValues("evenkeel.inbox.window=20h")
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .rootCause()
                    .isInstanceOf(EvenkeelConfigurationException.class)
                    .hasMessageContaining("PT6H + PT16H = PT22H")
                    .hasMessageContaining("it was PT20H"));
  }

  @Test
  void badValueFailsBeforeTheDatabaseIsTouched() throws SQLException {
    runner()
        .withPropertyValues("evenkeel.inbox.lanes=0")
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .hasStackTraceContaining(
                        "evenkeel.inbox.lanes must be between 1 and 1024, was 0"));

    execute("CREATE SCHEMA evenkeel"); // there is none yet
  }

  @Test
  void withoutMigrationTheMissingTablesAreNamed() {
    runner()
        .withPropertyValues("evenkeel.migration.enabled=false")
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .rootCause()
                    .isInstanceOf(EvenkeelConfigurationException.class)
                    .hasMessageContaining(
                        "Schema \"evenkeel\" lacks [claim_check, consumer, inbox, inbox_partition, node, outbox,")
                    .hasMessageContaining("evenkeel.migration.enabled=true"));
  }

  @Test
  void withoutMigrationASchemaThatIsThereIsEnough() {
    new SchemaMigration("shop").migrate(database.dataSource());

    runner()
        .withPropertyValues("evenkeel.migration.enabled=false", "evenkeel.schema=shop")
        .run(context -> assertThat(context).hasNotFailed().hasSingleBean(Outbox.class));
  }

  @Test
  void ownerMigratesAndTheApplicationNeedsOnlyItsGrants() throws SQLException {
    String role = "application_" + database.name();
    execute("CREATE ROLE %s LOGIN PASSWORD 'secret'".formatted(role));
    try {
      runner()
          .withPropertyValues(
              "spring.datasource.username=" + role,
              "spring.datasource.password=secret",
              "evenkeel.migration.username=" + database.username(),
              "evenkeel.migration.password=" + database.password(),
              "evenkeel.migration.application-role=" + role)
          .run(context -> assertThat(context).hasNotFailed());
    } finally {
      execute("DROP OWNED BY %1$s; DROP ROLE %1$s".formatted(role));
    }
  }

  @Test
  void unreachableDatabaseFailsTheStartBySayingSo() {
    runner()
        .withPropertyValues(
            "spring.datasource.url=jdbc:postgresql://127.0.0.1:1/none",
            "spring.datasource.hikari.connection-timeout=300")
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .hasStackTraceContaining("Schema \"evenkeel\" could not be migrated"));
  }

  @Test
  void nothingOptionalIsNeeded() {
    runner()
        .withClassLoader(
            new FilteredClassLoader(
                EntityManagerFactory.class,
                MeterRegistry.class,
                Tracer.class,
                HealthIndicator.class,
                Endpoint.class))
        .run(context -> assertThat(context).hasNotFailed().hasSingleBean(Outbox.class));
  }

  @Configuration(proxyBeanMethods = false)
  static class TransactionManagerOnAnotherDataSource {

    @Bean
    JdbcTransactionManager transactionManager() {
      return new JdbcTransactionManager(new SimpleDriverDataSource());
    }
  }

  @Test
  void transactionManagerOfAnotherDataSourceFailsTheStart() {
    runner()
        .withUserConfiguration(TransactionManagerOnAnotherDataSource.class)
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .rootCause()
                    .hasMessageContaining("the two would not commit together"));
  }

  @Test
  void poolOfOnesOwnTellsTheRelayItsUrl() {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(database.jdbcUrl());
      pool.setUsername("somebody");

      assertThat(
              new ConnectionSettingsFactory(null, pool)
                  .settings("evenkeel.relay", null, null, null))
          .isEqualTo(new ConnectionSettings(database.jdbcUrl(), "somebody", ""));
    }
  }

  @Test
  void relayUrlHasToBeToldWhereItCanNotBeFound() {
    ConnectionSettingsFactory factory = new ConnectionSettingsFactory(null, database.dataSource());

    assertThatThrownBy(() -> factory.settings("evenkeel.relay", null, null, null))
        .isInstanceOf(EvenkeelConfigurationException.class)
        .hasMessageStartingWith("evenkeel.relay.url must be set");
    assertThat(factory.settings("evenkeel.relay", database.jdbcUrl(), "r", "p").username())
        .isEqualTo("r");
  }
}
