package dev.evenkeel.autoconfigure;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.shard.RoutedTransactions;
import dev.evenkeel.shard.RoutingDataSource;
import dev.evenkeel.shard.RoutingShardTransactions;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.ShardScope;
import dev.evenkeel.shard.ShardTransactionRouter;
import dev.evenkeel.shard.ShardTransactions;
import dev.evenkeel.shard.ShardedAdvisor;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.shard.SlotCatalogue;
import dev.evenkeel.shard.SlotStrategy;
import dev.evenkeel.shard.id.CurrentSlot;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.springframework.aop.config.AopConfigUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.context.annotation.Role;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.transaction.ConfigurableTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.util.function.SingletonSupplier;

/**
 * Shards, where {@code evenkeel.shards} names any: pools, slot map, and the routing data source
 * that takes the place of Spring Boot's.
 */
@AutoConfiguration(before = {DataSourceAutoConfiguration.class, EvenkeelAutoConfiguration.class})
@ConditionalOnBooleanProperty(name = "evenkeel.enabled", matchIfMissing = true)
@ConditionalOnClass(HikariDataSource.class)
@Conditional(OnShardsCondition.class)
@EnableConfigurationProperties(EvenkeelProperties.class)
@Import({
  EvenkeelShardsAutoConfiguration.AutoProxying.class,
  ShardedFlywayConfiguration.class,
  ShardedHibernateConfiguration.class,
  ShardedJpaConfiguration.class
})
public final class EvenkeelShardsAutoConfiguration {

  private static final Duration LEAST_FAN_OUT = Duration.ofMillis(100);
  private static final Duration MOST_FAN_OUT = Duration.ofMinutes(10);
  private static final int MOST_INSTANCES = 10_000;

  /** Made by Spring Boot. */
  EvenkeelShardsAutoConfiguration() {}

  /** Advisors of the infrastructure apply only where something proxies. */
  static final class AutoProxying implements ImportBeanDefinitionRegistrar {

    @Override
    public void registerBeanDefinitions(
        AnnotationMetadata metadata, BeanDefinitionRegistry registry) {
      AopConfigUtils.registerAutoProxyCreatorIfNecessary(registry);
    }
  }

  /** Names this process's sessions. */
  record NodeTag(String tag, String sessionName) {}

  @Bean
  NodeTag evenkeelNodeTag(EvenkeelOptions options) {
    String tag = ShardNode.newTag();
    return new NodeTag(tag, ShardNode.sessionName(options.schema(), tag));
  }

  @Bean
  ShardPools evenkeelShardPools(
      EvenkeelProperties properties, NodeTag tag, Environment environment) {
    requireConsistent(properties, environment);
    return new ShardPools(properties.shards(), Binder.get(environment), tag.sessionName());
  }

  private static void requireConsistent(EvenkeelProperties properties, Environment environment) {
    String catalogue = properties.catalogue();
    if (catalogue == null || !properties.shards().containsKey(catalogue)) {
      throw new EvenkeelConfigurationException(
          "evenkeel.catalogue must name the shard that holds the slot map, one of %s, was %s"
              .formatted(
                  new TreeMap<>(properties.shards()).keySet(),
                  catalogue == null ? "not set" : catalogue));
    }
    if (environment.getProperty("spring.datasource.url") != null) {
      throw new EvenkeelConfigurationException(
          "spring.datasource.url and evenkeel.shards are both set; with shards the application has no other database, so remove spring.datasource.url");
    }
    if (properties.relay().url() != null || properties.migration().url() != null) {
      throw new EvenkeelConfigurationException(
          "evenkeel.relay.url and evenkeel.migration.url can't be set with evenkeel.shards, which say where each database is; set username and password only");
    }
    EvenkeelProperties.Sharding sharding = properties.sharding();
    if (sharding.instances() < 1 || sharding.instances() > MOST_INSTANCES) {
      throw new EvenkeelConfigurationException(
          "evenkeel.sharding.instances must be between 1 and %d, was %d"
              .formatted(MOST_INSTANCES, sharding.instances()));
    }
    if (sharding.fanOutTimeout().compareTo(LEAST_FAN_OUT) < 0
        || sharding.fanOutTimeout().compareTo(MOST_FAN_OUT) > 0) {
      throw new EvenkeelConfigurationException(
          "evenkeel.sharding.fan-out-timeout must be between %s and %s, was %s"
              .formatted(LEAST_FAN_OUT, MOST_FAN_OUT, sharding.fanOutTimeout()));
    }
  }

  @Bean
  CatalogueDatabase evenkeelCatalogueDatabase(ShardPools pools, EvenkeelProperties properties) {
    return new CatalogueDatabase(pools.control(String.valueOf(properties.catalogue())));
  }

  @Bean
  SlotCatalogue evenkeelSlotCatalogue(CatalogueDatabase catalogue, EvenkeelOptions options) {
    return new SlotCatalogue(catalogue.dataSource(), options.schema());
  }

  @Bean
  ShardNode evenkeelShardNode(
      CatalogueDatabase catalogue,
      EvenkeelProperties properties,
      EvenkeelOptions options,
      NodeTag tag) {
    return new ShardNode(
        options.relay().node(),
        tag.tag(),
        properties.relay().enabled(),
        catalogue.dataSource(),
        options.schema());
  }

  @Bean
  LivingNodes evenkeelLivingNodes(ShardNode node) {
    return node::relayingNodes;
  }

  @Bean
  Shards evenkeelShards(ShardPools pools, ShardNode node) {
    return new Shards(
        pools.databases(),
        shard -> node.isReady() ? node.map().slotsByShard().getOrDefault(shard, 0) : 0);
  }

  @Bean
  RoutingDataSource dataSource(Shards shards) {
    return new RoutingDataSource(shards);
  }

  @Bean
  InstallationDatabases evenkeelInstallationDatabases(
      ShardPools pools, EvenkeelProperties properties) {
    EvenkeelProperties.Relay relay = properties.relay();
    return new InstallationDatabases(
        pools.databases().stream()
            .map(
                database ->
                    new InstallationDatabase(
                        database.name(),
                        database.primary(),
                        pools.direct(database.name(), relay.username(), relay.password())))
            .toList());
  }

  /** In place of Spring Boot's, which is DOWN as soon as one of many databases is. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(HealthIndicator.class)
  static class HealthConfiguration {

    @Bean
    HealthIndicator dbHealthContributor(Shards shards) {
      return new ShardsHealthIndicator(shards);
    }
  }

  @Bean
  ParkedMessages evenkeelParkedMessages(Installations installations) {
    return new EveryParkedMessage(installations);
  }

  @Bean
  ConnectionBudget evenkeelConnectionBudget(
      ShardPools pools, EvenkeelProperties properties, ObjectProvider<SagaShards> sagas) {
    int forSagas = sagas.getIfAvailable() == null ? 0 : ShardPools.SAGA_CONNECTIONS;
    Map<String, Integer> sizes = new TreeMap<>();
    pools.databases().forEach(d -> sizes.put(d.name(), pools.maximumPoolSize(d.name()) + forSagas));
    return new ConnectionBudget(properties.sharding().instances(), sizes);
  }

  @Bean(EvenkeelAutoConfiguration.SCHEMA)
  ShardStarter evenkeelShardStarter(
      EvenkeelProperties properties,
      EvenkeelOptions options,
      ShardPools pools,
      Shards shards,
      SlotCatalogue catalogue,
      ShardNode node,
      ConnectionBudget budget,
      NodeTag tag,
      Environment environment,
      ConfigurableListableBeanFactory beans) {
    EvenkeelProperties.Migration migration = properties.migration();
    ShardStarter.Parts parts =
        new ShardStarter.Parts(
            shards,
            String.valueOf(properties.catalogue()),
            catalogue,
            node,
            database -> {
              DataSource owner =
                  migration.ownLogin()
                      ? DirectDataSource.of(
                          pools.direct(database.name(), migration.username(), migration.password()))
                      : database.primary();
              return new SchemaInitializer(
                  options.migration(),
                  migration.enabled() ? owner : null,
                  database.primary(),
                  options.relay().janitor());
            },
            shard -> pools.direct(shard, null, null),
            budget,
            tag.sessionName() + ":probe");
    return new ShardStarter(parts, ApplicationMigrations.exist(beans, environment));
  }

  @Bean
  ShardRouter evenkeelShardRouter(ShardNode node, Map<String, SlotStrategy> strategies) {
    return new ShardRouter(node::map, strategies);
  }

  @Bean
  ShardScope evenkeelShardScope(ShardNode node, DataSource dataSource) {
    return new ShardScope(node::map, dataSource);
  }

  @Bean
  CurrentSlot evenkeelCurrentSlot(ShardScope scope) {
    return scope::requireSlot;
  }

  @Bean
  RoutedTransactions evenkeelRoutedTransactions(DataSource dataSource) {
    return new RoutedTransactions(dataSource);
  }

  /** Adds the listener to every transaction manager, those that Spring Boot does not make too. */
  @Bean
  static BeanPostProcessor evenkeelRoutedTransactionsProcessor(
      ObjectProvider<RoutedTransactions> listener) {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        if (bean instanceof ConfigurableTransactionManager manager
            && !manager.getTransactionExecutionListeners().contains(listener.getObject())) {
          manager.addListener(listener.getObject());
        }
        return bean;
      }
    };
  }

  @Bean
  @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
  static ShardedAdvisor evenkeelShardedAdvisor(ObjectProvider<ShardRouter> router) {
    return new ShardedAdvisor(router::getObject);
  }

  private static Supplier<PlatformTransactionManager> manager(
      DataSource dataSource, ObjectProvider<PlatformTransactionManager> transactionManagers) {
    return SingletonSupplier.of(
        () -> TransactionTargets.home(dataSource, transactionManagers).transactionManager());
  }

  @Bean
  @ConditionalOnMissingBean
  ShardTransactions evenkeelShardTransactions(
      ShardRouter router,
      Shards shards,
      DataSource dataSource,
      ObjectProvider<PlatformTransactionManager> transactionManagers,
      EvenkeelProperties properties) {
    return new RoutingShardTransactions(
        router,
        shards,
        manager(dataSource, transactionManagers),
        properties.sharding().fanOutTimeout());
  }

  @Bean
  ShardTransactionRouter evenkeelShardTransactionRouter(
      ShardRouter router,
      Shards shards,
      DataSource dataSource,
      ObjectProvider<PlatformTransactionManager> transactionManagers) {
    return new ShardTransactionRouter(
        router, shards, dataSource, manager(dataSource, transactionManagers));
  }
}
