package dev.evenkeel.autoconfigure;

import dev.evenkeel.shard.id.CurrentShard;
import dev.evenkeel.shard.id.SequenceIds;
import dev.evenkeel.shard.id.SnowflakeIds;
import dev.evenkeel.shard.id.SnowflakeOptions;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.DependsOn;
import org.springframework.context.annotation.Lazy;

/** Generators of ids that need a database. Lazy: who uses none leases none. */
@AutoConfiguration(after = EvenkeelAutoConfiguration.class)
@ConditionalOnBean(EvenkeelOptions.class)
public final class EvenkeelIdsAutoConfiguration {

  /** Made by Spring Boot. */
  EvenkeelIdsAutoConfiguration() {}

  @Bean(destroyMethod = "close")
  @Lazy
  @ConditionalOnMissingBean
  @DependsOn(EvenkeelAutoConfiguration.SCHEMA)
  SnowflakeIds evenkeelSnowflakeIds(
      EvenkeelProperties properties, EvenkeelOptions options, CatalogueDatabase catalogue) {
    EvenkeelProperties.Ids ids = properties.ids();
    try {
      return new SnowflakeIds(
          catalogue.dataSource(),
          new SnowflakeOptions(
              options.schema(),
              options.relay().node(),
              ids.snowflake().lease(),
              ids.snowflake().maxWait()));
    } catch (IllegalArgumentException e) {
      throw new EvenkeelConfigurationException(String.valueOf(e.getMessage()), e);
    }
  }

  @Bean
  @Lazy
  @ConditionalOnMissingBean
  SequenceIds evenkeelSequenceIds(EvenkeelOptions options, CurrentShard shard) {
    return new SequenceIds(options.schema(), shard);
  }
}
