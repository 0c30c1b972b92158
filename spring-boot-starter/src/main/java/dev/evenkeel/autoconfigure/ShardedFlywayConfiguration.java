package dev.evenkeel.autoconfigure;

import org.flywaydb.core.Flyway;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** With Spring Boot's Flyway: the application's migrations run on every shard. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(FlywayMigrationStrategy.class)
class ShardedFlywayConfiguration {

  @Bean
  @ConditionalOnMissingBean
  FlywayMigrationStrategy evenkeelFlywayMigrationStrategy(ShardStarter starter) {
    return flyway ->
        starter.migrateApplication(
            shard ->
                Flyway.configure(flyway.getConfiguration().getClassLoader())
                    .configuration(flyway.getConfiguration())
                    .dataSource(shard)
                    .load()
                    .migrate());
  }
}
