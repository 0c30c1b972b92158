package dev.evenkeel.autoconfigure;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.CurrentMessage;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaEngine;
import dev.evenkeel.saga.SagaHeaders;
import dev.evenkeel.saga.SagaLocks;
import dev.evenkeel.saga.SagaOperations;
import dev.evenkeel.saga.SagaParticipants;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.SagaDefinitionException;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.shard.ShardRouter;
import dev.evenkeel.shard.ShardTransactionRouter;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.shard.SlotStrategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.annotation.Order;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Sagas, where the application has a bean with {@link Saga} or a {@link SagaDefinition}.
 *
 * <p>Definitions and engine are lazy: they need the sagas' beans, and those may need {@link Sagas}.
 * {@link #evenkeelSagaStartupCheck} and {@link SagaLifecycle} ask for them when everything is
 * there.
 */
@AutoConfiguration(after = EvenkeelAutoConfiguration.class)
@ConditionalOnBean(EvenkeelOptions.class)
@Conditional(EvenkeelSagaAutoConfiguration.OnSagas.class)
public final class EvenkeelSagaAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelSagaAutoConfiguration() {}

  /** Matches when there is a saga of either kind. */
  static final class OnSagas extends AnyNestedCondition {

    OnSagas() {
      super(ConfigurationPhase.REGISTER_BEAN);
    }

    @ConditionalOnBean(annotation = Saga.class)
    static final class Annotated {}

    @ConditionalOnBean(SagaDefinition.class)
    static final class Built {}
  }

  @Bean
  @Lazy
  SagaBeans evenkeelSagaBeans(ConfigurableListableBeanFactory beans) {
    return SagaBeans.find(beans);
  }

  @Bean
  @Lazy
  SagaDefinitions evenkeelSagaDefinitions(SagaBeans sagas) {
    return sagas.usable();
  }

  @Bean
  @Lazy
  InboxHandlerSource evenkeelSagaStarts(SagaBeans sagas, Sagas starter) {
    return new SagaStarts(sagas, starter);
  }

  @Bean
  @Lazy
  InboxHandlerSource evenkeelSagaReceivers(SagaBeans sagas, SagaEngines engines) {
    return new SagaReceivers(sagas, engines);
  }

  @Bean
  SagaObservers evenkeelSagaObservers(ObjectProvider<SagaObserver> observers) {
    return new SagaObservers(observers.orderedStream().toList());
  }

  /** After the trace of the application, whose spans are finer than what a saga carries. */
  @Bean
  @Order(10)
  HeaderSource evenkeelSagaHeaders() {
    return new SagaHeaders();
  }

  @Bean
  @DependsOn(EvenkeelAutoConfiguration.SCHEMA)
  SagaEngines evenkeelSagaEngines(
      EvenkeelOptions options,
      ObjectProvider<SagaDefinitions> definitions,
      SagaShards shards,
      TransactionSlot slot,
      PayloadCodec codec,
      ObjectProvider<HeaderSource> headers,
      ObjectProvider<TransactionFlush> flushes,
      SagaObservers observers,
      ObjectProvider<SagaParticipants> participants,
      MessageObservers messages,
      TimeSource time) {
    // As an appended message has them: what caused it comes first.
    List<HeaderSource> sources = new ArrayList<>(List.of(CurrentMessage::headers));
    headers.orderedStream().forEach(sources::add);
    List<TransactionFlush> mappers = flushes.orderedStream().toList();
    return new SagaEngines(
        () ->
            new SagaEngine(
                options.saga(),
                definitions.getObject(),
                new SagaEngine.Context(
                    shards,
                    participants.getIfAvailable(() -> SagaParticipants.NONE),
                    messages.observer(),
                    options.outbox().storage(),
                    slot,
                    codec,
                    sources,
                    mappers,
                    observers.observer(),
                    time)));
  }

  @Bean
  Sagas evenkeelSagas(SagaEngines engines) {
    return new DeferredSagas(engines::current);
  }

  /** For the application's own operators' pages, too. */
  @Bean
  SagaOperations evenkeelSagaOperations(SagaEngines engines) {
    return new DeferredSagaOperations(() -> engines.current().operations());
  }

  @Bean
  @ConditionalOnMissingBean
  SagaLocks evenkeelSagaLocks() {
    return SagaLocks.ofCurrentStep();
  }

  @Bean
  SagaReadings evenkeelSagaReadings(SagaShards shards, SagaEngines engines) {
    return new SagaReadings(shards, engines::current);
  }

  /** A definition's mistake must not wait for the first start, or the process that runs sagas. */
  @Bean
  SmartInitializingSingleton evenkeelSagaStartupCheck(
      SagaEngines engines, ObjectProvider<SagaLifecycle> lifecycle) {
    return () -> {
      SagaEngine engine = engines.current();
      try {
        engine.verify(lifecycle.getIfAvailable() != null);
      } catch (SagaDefinitionException e) {
        throw new EvenkeelConfigurationException(String.valueOf(e.getMessage()), e);
      }
    };
  }

  /** Steps that nobody carries out wait for ever, and it shows only when they are reached. */
  @Bean
  SmartInitializingSingleton evenkeelParticipantCheck(
      EvenkeelProperties properties,
      ObjectProvider<SagaDefinitions> definitions,
      ObjectProvider<SagaParticipants> participants,
      ObjectProvider<Transport> transports) {
    return () -> {
      if (properties.transport() == TransportKind.IN_PROCESS) {
        Transport transport = transports.getIfAvailable(); // an application may have its own
        if (transport == null || transport.inProcess()) {
          ParticipantCheck.warnOfAbsent(
              definitions.getObject(), participants.getIfAvailable(() -> SagaParticipants.NONE));
        }
      }
    };
  }

  @Bean
  @ConditionalOnBooleanProperty(name = "evenkeel.saga.enabled", matchIfMissing = true)
  SagaLifecycle evenkeelSagaLifecycle(SagaEngines engines) {
    return new SagaLifecycle(engines);
  }

  /** Where there are no shards. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnMissingBean(ShardStarter.class)
  static class HomeConfiguration {

    @Bean
    SagaShards evenkeelSagaShards(
        DataSource dataSource,
        ObjectProvider<PlatformTransactionManager> transactionManagers,
        Map<String, SlotStrategy> strategies) {
      return new HomeSagaShards(
          TransactionTargets.home(dataSource, transactionManagers), strategies);
    }
  }

  /** With shards. Apart, because the pools' library is optional. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnBean(ShardStarter.class)
  static class ShardsConfiguration {

    @Bean
    SagaShards evenkeelSagaShards(
        ShardPools pools, Shards shards, ShardRouter router, ShardTransactionRouter transactions) {
      Map<String, HikariDataSource> own = new TreeMap<>();
      shards.names().forEach(shard -> own.put(shard, pools.sagas(shard)));
      return new RoutedSagaShards(shards, router, transactions, own);
    }
  }
}
