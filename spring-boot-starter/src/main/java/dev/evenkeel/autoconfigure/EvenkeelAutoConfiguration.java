package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxEventListener;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionRouter;
import dev.evenkeel.outbox.spi.TransactionTarget;
import jakarta.persistence.EntityManagerFactory;
import java.util.LinkedHashSet;
import java.util.Set;
import javax.sql.DataSource;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurationPackages;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.boot.sql.init.dependency.DatabaseInitializationDependencyConfigurer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.orm.jpa.EntityManagerHolder;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.util.StringUtils;
import tools.jackson.databind.json.JsonMapper;

/**
 * Schema, outbox and inbox of an application with one {@link DataSource}. {@link
 * EvenkeelRelayAutoConfiguration} publishes.
 */
@AutoConfiguration(
    after = {
      DataSourceAutoConfiguration.class,
      DataSourceTransactionManagerAutoConfiguration.class
    },
    afterName = {
      "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
      "org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration"
    })
@ConditionalOnBooleanProperty(name = "evenkeel.enabled", matchIfMissing = true)
@ConditionalOnSingleCandidate(DataSource.class)
@EnableConfigurationProperties(EvenkeelProperties.class)
@Import(DatabaseInitializationDependencyConfigurer.class)
public final class EvenkeelAutoConfiguration {

  private static final String SCHEMA = "evenkeelSchemaInitializer";

  /** Made by Spring Boot. */
  EvenkeelAutoConfiguration() {}

  @Bean
  EvenkeelOptions evenkeelOptions(EvenkeelProperties properties, Environment environment) {
    return EvenkeelOptions.of(
        properties, NodeName.of(environment.getProperty("spring.application.name", "application")));
  }

  @Bean
  ConnectionSettingsFactory evenkeelConnectionSettingsFactory(
      ObjectProvider<JdbcConnectionDetails> details, DataSource dataSource) {
    return new ConnectionSettingsFactory(details.getIfAvailable(), dataSource);
  }

  @Bean(SCHEMA)
  SchemaInitializer evenkeelSchemaInitializer(
      EvenkeelProperties properties,
      EvenkeelOptions options,
      ConnectionSettingsFactory settings,
      DataSource dataSource) {
    EvenkeelProperties.Migration migration = properties.migration();
    boolean ownLogin =
        StringUtils.hasText(migration.url()) || StringUtils.hasText(migration.username());
    DataSource owner =
        ownLogin ? ownerDataSource(settings, migration) : HomeDatabase.of(dataSource);
    return new SchemaInitializer(
        options.migration(),
        migration.enabled() ? owner : null,
        dataSource,
        options.relay().janitor());
  }

  private static DataSource ownerDataSource(
      ConnectionSettingsFactory factory, EvenkeelProperties.Migration migration) {
    var settings =
        factory.settings(
            "evenkeel.migration", migration.url(), migration.username(), migration.password());
    return new DriverManagerDataSource(
        settings.jdbcUrl(), settings.username(), settings.password());
  }

  @Bean
  @ConditionalOnMissingBean
  TimeSource evenkeelTimeSource() {
    return TimeSource.SYSTEM;
  }

  @Bean
  @ConditionalOnMissingBean
  EventTypes evenkeelEventTypes(
      EvenkeelProperties properties,
      BeanFactory beans,
      Environment environment,
      ResourceLoader resources) {
    Set<String> packages = new LinkedHashSet<>(properties.scanPackages());
    if (AutoConfigurationPackages.has(beans)) {
      packages.addAll(AutoConfigurationPackages.get(beans));
    }
    return new OutboxEventScanner(environment, resources).scan(packages);
  }

  @Bean
  @ConditionalOnMissingBean
  PayloadCodec evenkeelPayloadCodec(ObjectProvider<JsonMapper> mapper) {
    return new JsonPayloadCodec(
        mapper.getIfAvailable(() -> JsonMapper.builder().findAndAddModules().build()));
  }

  @Bean
  MessageObservers evenkeelMessageObservers(ObjectProvider<MessageObserver> observers) {
    return new MessageObservers(observers.orderedStream().toList());
  }

  @Bean
  @ConditionalOnMissingBean
  @DependsOn(SCHEMA)
  Outbox evenkeelOutbox(
      DataSource dataSource,
      EvenkeelOptions options,
      EventTypes types,
      PayloadCodec codec,
      ObjectProvider<HeaderSource> headers,
      ObjectProvider<TransactionFlush> flushes,
      MessageObservers observers) {
    return new TransactionalOutbox(
        HomeDatabase.of(dataSource),
        options.outbox(),
        types,
        codec,
        new TransactionalOutbox.Context(
            headers.orderedStream().toList(),
            flushes.orderedStream().toList(),
            observers.observer()));
  }

  @Bean
  OutboxEventListener evenkeelOutboxEventListener(Outbox outbox) {
    return new OutboxEventListener(outbox);
  }

  @Bean
  @ConditionalOnMissingBean
  TransactionRouter evenkeelTransactionRouter(
      DataSource dataSource, ObjectProvider<PlatformTransactionManager> transactionManagers) {
    TransactionTarget home = TransactionTargets.home(dataSource, transactionManagers);
    return (consumer, message, shardKey) -> home;
  }

  @Bean
  @DependsOn(SCHEMA)
  InboxReceiver evenkeelInboxReceiver(
      EvenkeelOptions options,
      DataSource dataSource,
      TransactionRouter router,
      MessageObservers observers,
      TimeSource time) {
    return new InboxReceiver(
        options.inbox(), HomeDatabase.of(dataSource), router, observers.observer(), time);
  }

  @Bean
  @DependsOn(SCHEMA)
  ParkedStore evenkeelParkedStore(
      EvenkeelOptions options, DataSource dataSource, MessageObservers observers, TimeSource time) {
    return new ParkedStore(
        HomeDatabase.of(dataSource), options.schema(), observers.observer(), time);
  }

  @Bean
  @DependsOn(SCHEMA)
  ConsumerRegistry evenkeelConsumerRegistry(EvenkeelOptions options, DataSource dataSource) {
    return new ConsumerRegistry(HomeDatabase.of(dataSource), options.schema());
  }

  /** Lazy: whoever asks has to wait until the handlers' beans can be made. */
  @Bean
  @Lazy
  InboxHandlers evenkeelInboxHandlers(
      ConfigurableListableBeanFactory beans, EventTypes types, PayloadCodec codec) {
    return new InboxHandlerCollector(beans).collect(types, codec);
  }

  @Bean
  OutboxReadings evenkeelOutboxReadings(ObjectProvider<RelayLifecycle> relay, ParkedStore parked) {
    return new OutboxReadings(relay.getIfAvailable(), parked);
  }

  @Bean
  StartupChecks evenkeelStartupChecks(
      EvenkeelProperties properties,
      EvenkeelOptions options,
      ObjectProvider<InboxHandlers> handlers,
      DataSource dataSource) {
    return new StartupChecks(options, handlers, dataSource, properties.relay().enabled());
  }

  /** With JPA. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({EntityManagerFactory.class, EntityManagerHolder.class})
  static class JpaConfiguration {

    @Bean
    TransactionFlush evenkeelJpaFlush(ObjectProvider<EntityManagerFactory> factories) {
      return new JpaFlush(() -> factories.stream().toList());
    }
  }
}
