package dev.evenkeel.shard.id.hibernate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.migrations.SchemaMigration;
import dev.evenkeel.shard.id.CurrentSlot;
import dev.evenkeel.shard.id.NumberedShard;
import dev.evenkeel.shard.id.SequenceIds;
import dev.evenkeel.shard.id.SlotIds;
import dev.evenkeel.shard.id.SnowflakeIds;
import dev.evenkeel.shard.id.SnowflakeOptions;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import jakarta.persistence.Entity;
import jakarta.persistence.EntityManager;
import jakarta.persistence.Id;
import java.util.UUID;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.persistence.autoconfigure.EntityScan;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** The annotations in a JPA application as Spring Boot makes it. */
class IdAnnotationsIT {

  private static final String SCHEMA = "evenkeel";
  private static final int ORDINAL = 7;
  private static final DatabaseInfo DATABASE = TestDatabase.shared().createDatabase();

  @BeforeAll
  static void migrate() {
    new SchemaMigration(SCHEMA).migrate(DATABASE.dataSource());
    JdbcTemplate sql = new JdbcTemplate(DATABASE.dataSource());
    sql.execute("CREATE TABLE moment (id uuid PRIMARY KEY)");
    sql.execute("CREATE TABLE slotted (id uuid PRIMARY KEY)");
    sql.execute("CREATE TABLE flake (id bigint PRIMARY KEY)");
    sql.execute("CREATE TABLE numbered (id bigint PRIMARY KEY)");
  }

  private static ApplicationContextRunner application(Class<?>... configurations) {
    return new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                DataSourceAutoConfiguration.class,
                HibernateJpaAutoConfiguration.class,
                TransactionAutoConfiguration.class))
        .withUserConfiguration(configurations)
        .withPropertyValues(
            "spring.datasource.url=" + DATABASE.jdbcUrl(),
            "spring.datasource.username=" + DATABASE.username(),
            "spring.datasource.password=" + DATABASE.password(),
            "spring.datasource.hikari.maximum-pool-size=2");
  }

  private static void inTransaction(ApplicationContext context, Consumer<EntityManager> work) {
    EntityManager entities = context.getBean(EntityManager.class);
    new TransactionTemplate(context.getBean(PlatformTransactionManager.class))
        .executeWithoutResult(status -> work.accept(entities));
  }

  @Test
  void entitiesGetTheirIds() {
    application(Entities.class, Ids.class)
        .run(
            context -> {
              Moment moment = new Moment();
              Slotted slotted = new Slotted();
              Flake flake = new Flake();
              Numbered numbered = new Numbered();
              inTransaction(
                  context,
                  entities -> {
                    entities.persist(moment);
                    entities.persist(slotted);
                    entities.persist(flake);
                    entities.persist(numbered);
                  });

              assertThat(moment.id.version()).isEqualTo(7);
              assertThat(SlotIds.slotOf(slotted.id)).isEqualTo(0xabc);
              assertThat(SnowflakeIds.nodeOf(flake.id))
                  .isEqualTo(context.getBean(SnowflakeIds.class).nodeId().orElseThrow());
              assertThat(SequenceIds.shardOrdinalOf(numbered.id)).isEqualTo(ORDINAL);
              inTransaction(
                  context,
                  entities -> {
                    assertThat(entities.find(Moment.class, moment.id)).isNotNull();
                    assertThat(entities.find(Slotted.class, slotted.id)).isNotNull();
                    assertThat(entities.find(Flake.class, flake.id)).isNotNull();
                    assertThat(entities.find(Numbered.class, numbered.id)).isNotNull();
                  });
            });
  }

  @Test
  void sequenceNumberIsDrawnOnTheConnectionOfTheTransaction() {
    application(Entities.class, Ids.class)
        .withPropertyValues(
            "spring.datasource.hikari.maximum-pool-size=1",
            "spring.datasource.hikari.connection-timeout=500")
        .run(
            context -> {
              Numbered numbered = new Numbered();
              inTransaction(context, entities -> entities.persist(numbered));

              assertThat(SequenceIds.shardOrdinalOf(numbered.id)).isEqualTo(ORDINAL);
            });
  }

  @Test
  void generatorsOfTwoContextsInOneJvmStayApart() {
    application(Entities.class, Ids.class)
        .run(
            first ->
                application(Entities.class, Ids.class)
                    .withPropertyValues("slot=1")
                    .run(
                        second -> {
                          assertThat(slotOfNew(first)).isEqualTo(0xabc);
                          assertThat(slotOfNew(second)).isEqualTo(1);
                          assertThat(slotOfNew(first)).isEqualTo(0xabc);
                        }));
  }

  private static int slotOfNew(ApplicationContext context) {
    Slotted slotted = new Slotted();
    inTransaction(context, entities -> entities.persist(slotted));
    return SlotIds.slotOf(slotted.id);
  }

  @Test
  void missingBeanIsNamedWithTheFirstId() {
    application(Entities.class)
        .run(
            context -> {
              assertThat(context).hasNotFailed(); // who has no such entity needs no such bean
              assertThatThrownBy(
                      () -> inTransaction(context, entities -> entities.persist(new Flake())))
                  .hasStackTraceContaining(
                      "@SnowflakeId needs exactly one bean of type dev.evenkeel.shard.id.SnowflakeIds,"
                          + " and the context has 0");
            });
  }

  @Test
  void attributeOfAnotherTypeFailsTheStart() {
    application(WrongEntities.class, Ids.class)
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .hasStackTraceContaining("@SnowflakeId on")
                    .hasStackTraceContaining(
                        "Wrong.id needs an attribute of type Long, was String"));
  }

  @Configuration(proxyBeanMethods = false)
  @EntityScan(basePackageClasses = IdAnnotationsIT.class)
  static class Entities {}

  @Configuration(proxyBeanMethods = false)
  @EntityScan("dev.evenkeel.shard.id.wrong")
  static class WrongEntities {}

  @Configuration(proxyBeanMethods = false)
  static class Ids {

    @Bean
    SnowflakeIds snowflakeIds(DataSource dataSource) {
      return new SnowflakeIds(dataSource, SnowflakeOptions.defaults(SCHEMA, "test"));
    }

    @Bean
    SequenceIds sequenceIds(DataSource dataSource) {
      return new SequenceIds(SCHEMA, () -> new NumberedShard("only", ORDINAL, dataSource));
    }

    @Bean
    CurrentSlot currentSlot(Environment environment) {
      return () -> environment.getProperty("slot", Integer.class, 0xabc);
    }
  }

  @Entity(name = "moment")
  static class Moment {
    @Id @TimeOrderedId private UUID id;
  }

  @Entity(name = "slotted")
  static class Slotted {
    @Id @SlotCarryingId private UUID id;
  }

  @Entity(name = "flake")
  static class Flake {
    @Id @SnowflakeId private Long id;
  }

  @Entity(name = "numbered")
  static class Numbered {
    @Id @ShardSequenceId private long id;
  }
}
