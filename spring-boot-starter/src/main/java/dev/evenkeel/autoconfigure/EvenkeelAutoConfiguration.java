package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.EventTypeSource;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxEventListener;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TablePayloadStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.TransactionalOutbox;
import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.PayloadStore;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionRouter;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.outbox.spi.Upcaster;
import dev.evenkeel.shard.id.CurrentShard;
import dev.evenkeel.shard.id.NumberedShard;
import jakarta.persistence.EntityManagerFactory;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
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
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.orm.jpa.EntityManagerHolder;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
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

  /** Name of the bean that everything which touches the schema comes after. */
  static final String SCHEMA = "evenkeelSchemaInitializer";

  /** Made by Spring Boot. */
  EvenkeelAutoConfiguration() {}

  @Bean
  EvenkeelOptions evenkeelOptions(EvenkeelProperties properties, Environment environment) {
    String application = environment.getProperty("spring.application.name", "application");
    return EvenkeelOptions.of(
        properties, application, NodeName.of(application), Threading.VIRTUAL.isActive(environment));
  }

  /** Where there are no shards: one database, the application's. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnMissingBean(InstallationDatabases.class)
  static class HomeConfiguration {

    @Bean
    ConnectionSettingsFactory evenkeelConnectionSettingsFactory(
        ObjectProvider<JdbcConnectionDetails> details, DataSource dataSource) {
      return new ConnectionSettingsFactory(details.getIfAvailable(), dataSource);
    }

    @Bean
    InstallationDatabases evenkeelInstallationDatabases(
        EvenkeelProperties properties, ConnectionSettingsFactory settings, DataSource dataSource) {
      EvenkeelProperties.Relay relay = properties.relay();
      return new InstallationDatabases(
          List.of(
              new InstallationDatabase(
                  InstallationDatabase.HOME,
                  HomeDatabase.of(dataSource),
                  relay.enabled()
                      ? settings.settings(
                          "evenkeel.relay", relay.url(), relay.username(), relay.password())
                      : null)));
    }

    @Bean(SCHEMA)
    SchemaInitializer evenkeelSchemaInitializer(
        EvenkeelProperties properties,
        EvenkeelOptions options,
        ConnectionSettingsFactory settings,
        DataSource dataSource) {
      EvenkeelProperties.Migration migration = properties.migration();
      DataSource owner =
          migration.ownLogin()
              ? DirectDataSource.of(
                  settings.settings(
                      "evenkeel.migration",
                      migration.url(),
                      migration.username(),
                      migration.password()))
              : HomeDatabase.of(dataSource);
      return new SchemaInitializer(
          options.migration(),
          migration.enabled() ? owner : null,
          dataSource,
          options.relay().janitor());
    }

    @Bean
    @ConditionalOnMissingBean
    TransactionRouter evenkeelTransactionRouter(
        DataSource dataSource, ObjectProvider<PlatformTransactionManager> transactionManagers) {
      TransactionTarget home = TransactionTargets.home(dataSource, transactionManagers);
      return (consumer, message, shardKey) -> home;
    }

    @Bean
    CatalogueDatabase evenkeelCatalogueDatabase(DataSource dataSource) {
      return new CatalogueDatabase(HomeDatabase.of(dataSource));
    }

    @Bean
    @ConditionalOnMissingBean
    TransactionSlot evenkeelTransactionSlot() {
      return TransactionSlot.NONE;
    }

    /** The one database is as a shard without a slot map. */
    @Bean
    @ConditionalOnMissingBean
    CurrentShard evenkeelCurrentShard(DataSource dataSource) {
      return () -> new NumberedShard(InstallationDatabase.HOME, 0, HomeDatabase.of(dataSource));
    }

    @Bean
    ParkedStore evenkeelParkedStore(Installations installations) {
      return installations.get(InstallationDatabase.HOME).parked();
    }

    /** For tests that deliver by hand. */
    @Bean
    InboxReceiver evenkeelInboxReceiver(Installations installations) {
      return installations.get(InstallationDatabase.HOME).receiver();
    }

    @Bean
    ConsumerRegistry evenkeelConsumerRegistry(Installations installations) {
      return installations.get(InstallationDatabase.HOME).registry();
    }
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
      ResourceLoader resources,
      ObjectProvider<EventTypeSource> sources) {
    Set<String> packages = new LinkedHashSet<>(properties.scanPackages());
    if (AutoConfigurationPackages.has(beans)) {
      packages.addAll(AutoConfigurationPackages.get(beans));
    }
    return new OutboxEventScanner(environment, resources)
        .scan(packages, sources.orderedStream().toList());
  }

  @Bean
  @ConditionalOnMissingBean
  PayloadCodec evenkeelPayloadCodec(ObjectProvider<JsonMapper> mapper) {
    return new JsonPayloadCodec(
        mapper.getIfAvailable(() -> JsonMapper.builder().findAndAddModules().build()));
  }

  @Bean
  @ConditionalOnMissingBean
  PayloadStore evenkeelPayloadStore(
      DataSource dataSource,
      EvenkeelOptions options,
      CurrentShard shard,
      InstallationDatabases databases) {
    Map<String, DataSource> installations =
        databases.all().stream()
            .collect(
                Collectors.toMap(InstallationDatabase::name, InstallationDatabase::dataSource));
    return new TablePayloadStore(
        HomeDatabase.of(dataSource),
        options.schema(),
        () -> shard.shard().name(),
        installations::get);
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
      MessageObservers observers,
      TransactionSlot slot,
      PayloadStore payloads) {
    return new TransactionalOutbox(
        HomeDatabase.of(dataSource),
        options.outbox(),
        types,
        codec,
        new TransactionalOutbox.Context(
            headers.orderedStream().toList(),
            flushes.orderedStream().toList(),
            observers.observer(),
            slot,
            payloads));
  }

  @Bean
  OutboxEventListener evenkeelOutboxEventListener(Outbox outbox) {
    return new OutboxEventListener(outbox);
  }

  @Bean
  @DependsOn(SCHEMA)
  Installations evenkeelInstallations(
      InstallationDatabases databases,
      EvenkeelOptions options,
      TransactionRouter router,
      MessageObservers observers,
      TimeSource time,
      PayloadStore payloads) {
    return Installations.of(databases, options, router, observers, time, payloads);
  }

  /** Lazy: whoever asks has to wait until the handlers' beans can be made. */
  @Bean
  @Lazy
  InboxHandlers evenkeelInboxHandlers(
      ConfigurableListableBeanFactory beans,
      EventTypes types,
      PayloadCodec codec,
      EvenkeelProperties properties,
      ObjectProvider<Upcaster> upcasters,
      ObjectProvider<InboxHandlerSource> sources) {
    return new InboxHandlerCollector(beans, properties.inbox().deadLetterPolicy())
        .collect(
            types, codec, upcasters.orderedStream().toList(), sources.orderedStream().toList());
  }

  @Bean
  AllReadings evenkeelReadings(ObjectProvider<RelayLifecycle> relay, Installations installations) {
    RelayLifecycle relays = relay.getIfAvailable();
    return new AllReadings(
        installations.all().stream()
            .map(i -> new OutboxReadings(i.name(), relays, i.parked()))
            .toList());
  }

  @Bean
  StartupChecks evenkeelStartupChecks(
      EvenkeelProperties properties,
      EvenkeelOptions options,
      ObjectProvider<InboxHandlers> handlers,
      InstallationDatabases databases) {
    return new StartupChecks(options, handlers, databases, properties.relay().enabled());
  }

  /**
   * Has every transaction manager roll back when a TransactionException is thrown before the
   * commit, such as by a listener that asks for a transaction and gets none. By default Spring then
   * neither commits nor rolls back and gives the connection back, which commits it: the state
   * without its messages.
   */
  @Bean
  static BeanPostProcessor evenkeelRollbackOnCommitFailure() {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        if (bean instanceof AbstractPlatformTransactionManager manager) {
          manager.setRollbackOnCommitFailure(true);
        }
        return bean;
      }
    };
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
