package dev.evenkeel.autoconfigure.guard;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.InstanceOfAssertFactories.THROWABLE;

import com.example.shop.Branches;
import com.example.shop.Branches.Transfer;
import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.autoconfigure.EvenkeelGuardAutoConfiguration;
import dev.evenkeel.shard.guard.DataSourceGuard;
import dev.evenkeel.shard.guard.DualWriteException;
import dev.evenkeel.shard.guard.DualWriteKind;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.aop.support.AopUtils;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.health.DataSourceHealthContributorAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.metrics.DataSourcePoolMetricsAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.LazyConnectionDataSourceProxy;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

@ExtendWith(OutputCaptureExtension.class)
class SecondDataSourceIT {

  private static DatabaseInfo north;
  private static DatabaseInfo south;

  @BeforeAll
  static void createDatabases() {
    north = TestDatabase.shared().createDatabase();
    south = TestDatabase.shared().createDatabase();
  }

  @AfterAll
  static void dropDatabases() {
    TestDatabase.shared().dropDatabase(north);
    TestDatabase.shared().dropDatabase(south);
  }

  private static String url(DatabaseInfo database) {
    return database.jdbcUrl()
        + (database.jdbcUrl().contains("?") ? "&" : "?")
        + "user=%s&password=%s".formatted(database.username(), database.password());
  }

  private static ApplicationContextRunner branches(String mode) {
    return new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                DataSourceAutoConfiguration.class,
                DataSourceTransactionManagerAutoConfiguration.class,
                EvenkeelGuardAutoConfiguration.class))
        .withUserConfiguration(Branches.class)
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        .withPropertyValues(
            "north=" + url(north), "south=" + url(south), "evenkeel.guard.dual-write=" + mode);
  }

  private static double counted(ApplicationContext context) {
    return context
        .getBean(MeterRegistry.class)
        .get("evenkeel.guard.dual-writes")
        .tag("kind", "data-source")
        .counter()
        .count();
  }

  private static Throwable root(Throwable failure) {
    return failure.getCause() == null ? failure : root(failure.getCause());
  }

  static Stream<Arguments> dualWrites() {
    return Stream.of(
        named("statement", Transfer::statementOnTheSecond),
        named("transaction", Transfer::transactionOnTheSecond));
  }

  static Stream<Arguments> harmless() {
    return Stream.of(
        named("read-only transaction on the second", Transfer::readOnlyTransactionOnTheSecond),
        named("first put away", Transfer::transactionOnTheSecondOutside),
        named("first once more", Transfer::anotherConnectionOfTheFirst),
        named("one after the other", Transfer::oneAfterTheOther));
  }

  private static Arguments named(String name, Consumer<Transfer> transfer) {
    return Arguments.of(name, transfer);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dualWrites")
  void secondOneIsRefusedAndBothAreNamed(String name, Consumer<Transfer> transfer) {
    branches("fail")
        .run(
            context -> {
              Throwable refusal =
                  catchThrowable(() -> transfer.accept(context.getBean(Transfer.class)));

              assertThat(refusal)
                  .isNotNull()
                  .extracting(SecondDataSourceIT::root, as(THROWABLE))
                  .isInstanceOfSatisfying(
                      DualWriteException.class,
                      e -> assertThat(e.kind()).isEqualTo(DualWriteKind.DATA_SOURCE))
                  .hasMessageContainingAll(
                      "com.example.shop.Branches$Transfer.",
                      "connection of DataSource 'south'",
                      "transaction on DataSource 'north'");
              assertThat(counted(context)).isEqualTo(1);
            });
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dualWrites")
  void secondOneIsWarnedOfAndGoesOn(
      String name, Consumer<Transfer> transfer, CapturedOutput output) {
    branches("warn")
        .run(
            context -> {
              transfer.accept(context.getBean(Transfer.class));
              transfer.accept(context.getBean(Transfer.class));

              assertThat(output.toString().lines().filter(line -> line.contains("Dual write at")))
                  .hasSize(1);
              assertThat(counted(context)).isEqualTo(2);
            });
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("harmless")
  void harmlessUsesPass(String name, Consumer<Transfer> transfer) {
    branches("fail")
        .run(
            context -> {
              transfer.accept(context.getBean(Transfer.class));

              assertThat(counted(context)).isZero();
            });
  }

  @Test
  void switchedOffNoDataSourceIsTouched() {
    branches("off")
        .run(
            context -> {
              context.getBean(Transfer.class).transactionOnTheSecond();

              assertThat(AopUtils.isAopProxy(context.getBean("south"))).isFalse();
            });
  }

  /** One pool alone has nothing to be mixed up with. */
  @Test
  void singleDataSourceIsNotTouched() {
    new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                DataSourceAutoConfiguration.class, EvenkeelGuardAutoConfiguration.class))
        .withPropertyValues("spring.datasource.url=" + url(north))
        .run(
            context -> {
              assertThat(AopUtils.isAopProxy(context.getBean(DataSource.class))).isFalse();
            });
  }

  @Test
  void guardedDataSourcesKeepClassMetersAndHealth() {
    branches("fail")
        .withConfiguration(
            AutoConfigurations.of(
                DataSourcePoolMetricsAutoConfiguration.class,
                HealthContributorAutoConfiguration.class,
                DataSourceHealthContributorAutoConfiguration.class))
        .run(
            context -> {
              assertThat(context.getBeansOfType(HikariDataSource.class))
                  .containsOnlyKeys("north", "south");
              HikariDataSource pool = context.getBean("south", HikariDataSource.class);
              assertThat(AopUtils.isAopProxy(pool)).isTrue();
              assertThat(DataSourceUnwrapper.unwrap(pool, HikariDataSource.class).getJdbcUrl())
                  .isEqualTo(url(south));
              try (Connection held = pool.getConnection()) {
                assertThat(held.isValid(1)).isTrue();
                // Boot binds the meters of pools that have started.
                context
                    .getBeansOfType(MeterBinder.class)
                    .values()
                    .forEach(meters -> meters.bindTo(context.getBean(MeterRegistry.class)));
                assertThat(
                        context
                            .getBean(MeterRegistry.class)
                            .get("jdbc.connections.active")
                            .tag("name", "south")
                            .gauge()
                            .value())
                    .isEqualTo(1);
              }
              assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
              assertThat(DataSourceGuard.unguarded(pool)).isNotSameAs(pool);
              assertThat(
                      context
                          .getBean("dbHealthContributor", CompositeHealthContributor.class)
                          .getContributor("south"))
                  .isInstanceOfSatisfying(
                      HealthIndicator.class,
                      indicator -> assertThat(indicator.health().getStatus()).isEqualTo(Status.UP));
            });
  }

  @Test
  void poolIsClosedWithTheContext() {
    HikariDataSource[] pool = new HikariDataSource[1];
    branches("fail").run(context -> pool[0] = context.getBean("south", HikariDataSource.class));

    assertThat(pool[0].isClosed()).isTrue();
  }

  /** A lazy one acquires its connection while its transaction is already open. */
  @Configuration(proxyBeanMethods = false)
  static class Wrapped {

    @Bean
    HikariDataSource pool() {
      return SecondDataSourceIT.pool(north);
    }

    @Bean
    HikariDataSource second() {
      return SecondDataSourceIT.pool(south);
    }

    @Bean
    DataSource lazy(HikariDataSource pool) {
      return new LazyConnectionDataSourceProxy(pool);
    }
  }

  @Test
  void wrapperAndWhatItWrapsAreOneDataSource() {
    new ApplicationContextRunner()
        .withConfiguration(AutoConfigurations.of(EvenkeelGuardAutoConfiguration.class))
        .withUserConfiguration(Wrapped.class)
        .withPropertyValues("evenkeel.guard.dual-write=fail")
        .run(
            context -> {
              DataSource lazy = context.getBean("lazy", DataSource.class);
              TransactionTemplate inLazy =
                  new TransactionTemplate(new JdbcTransactionManager(lazy));

              inLazy.executeWithoutResult(status -> new JdbcTemplate(lazy).execute("SELECT 1"));

              assertThatThrownBy(
                      () ->
                          inLazy.executeWithoutResult(
                              status -> connect(context.getBean("second", DataSource.class))))
                  .isInstanceOf(DualWriteException.class)
                  .hasMessageContaining("transaction on DataSource 'lazy'");
            });
  }

  @Test
  void routingDataSourceIsOneWithAllItRoutesTo() {
    new ApplicationContextRunner()
        .withConfiguration(AutoConfigurations.of(EvenkeelGuardAutoConfiguration.class))
        .withBean("pool", HikariDataSource.class, () -> pool(north))
        .withBean("second", HikariDataSource.class, () -> pool(south))
        .withBean("routing", Routing.class, () -> new Routing(pool(north)))
        .withPropertyValues("evenkeel.guard.dual-write=fail")
        .run(
            context -> {
              DataSource routing = context.getBean("routing", DataSource.class);
              TransactionTemplate routed =
                  new TransactionTemplate(new JdbcTransactionManager(routing));

              routed.executeWithoutResult(status -> connect(routing));

              assertThatThrownBy(
                      () ->
                          routed.executeWithoutResult(
                              status -> connect(context.getBean("second", DataSource.class))))
                  .isInstanceOf(DualWriteException.class)
                  .hasMessageContaining("transaction on DataSource 'routing'");
              assertThatThrownBy(
                      () ->
                          new TransactionTemplate(
                                  new JdbcTransactionManager(
                                      context.getBean("second", DataSource.class)))
                              .executeWithoutResult(status -> connect(routing)))
                  .isInstanceOf(DualWriteException.class)
                  .hasMessageContaining("connection of DataSource 'routing'");
            });
  }

  /** JPA on the first: its transactions are seen by what they expose to JDBC. */
  @Test
  void transactionOfJpaOnTheFirstIsSeen() {
    new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                DataSourceAutoConfiguration.class,
                DualWriteGuardIT.boots("hibernate.autoconfigure.HibernateJpaAutoConfiguration"),
                EvenkeelGuardAutoConfiguration.class))
        .withBean(
            "first",
            HikariDataSource.class,
            () -> pool(north),
            definition -> definition.setPrimary(true))
        .withBean("second", HikariDataSource.class, () -> pool(south))
        .withPropertyValues("evenkeel.guard.dual-write=fail")
        .run(
            context -> {
              TransactionTemplate inJpa =
                  new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
              DataSource first = context.getBean("first", DataSource.class);

              inJpa.executeWithoutResult(status -> new JdbcTemplate(first).execute("SELECT 1"));

              assertThatThrownBy(
                      () ->
                          inJpa.executeWithoutResult(
                              status -> connect(context.getBean("second", DataSource.class))))
                  .isInstanceOf(DualWriteException.class)
                  .hasMessageContaining("transaction on DataSource 'first'");
            });
  }

  private static HikariDataSource pool(DatabaseInfo database) {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(url(database));
    pool.setMaximumPoolSize(3);
    pool.setMinimumIdle(0);
    return pool;
  }

  private static void connect(DataSource dataSource) {
    try (Connection connection = dataSource.getConnection()) {
      assertThat(connection.isClosed()).isFalse();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** Like the framework's own: one bean, whose pools are none. */
  static class Routing extends AbstractRoutingDataSource {

    private final HikariDataSource only;

    Routing(HikariDataSource only) {
      this.only = only;
      setTargetDataSources(Map.of("only", only));
    }

    @Override
    protected Object determineCurrentLookupKey() {
      return "only";
    }

    void close() {
      only.close();
    }
  }
}
