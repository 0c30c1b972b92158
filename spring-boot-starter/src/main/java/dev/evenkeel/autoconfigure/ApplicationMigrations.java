package dev.evenkeel.autoconfigure;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationInitializer;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;

/** What is known of the application's own migrations before they run. */
final class ApplicationMigrations {

  private static final boolean FLYWAY =
      ClassUtils.isPresent(
          "org.springframework.boot.flyway.autoconfigure.FlywayMigrationInitializer",
          ApplicationMigrations.class.getClassLoader());

  private ApplicationMigrations() {}

  /**
   * Whether Spring Boot is going to run Flyway.
   *
   * @throws EvenkeelConfigurationException if the migrations would not reach every shard
   */
  static boolean exist(ConfigurableListableBeanFactory beans, Environment environment) {
    if (beans.containsBeanDefinition("liquibase")) {
      throw new EvenkeelConfigurationException(
          "Liquibase knows no shards, so its changes would not reach them: set spring.liquibase.enabled=false and run it for each shard, or use Flyway");
    }
    if (environment.getProperty("spring.flyway.url") != null
        || environment.getProperty("spring.flyway.user") != null) {
      throw new EvenkeelConfigurationException(
          "spring.flyway.url and spring.flyway.user can't be set with evenkeel.shards, which say where each database is; the application's migrations run on every shard as its user");
    }
    return FLYWAY && BootFlyway.exists(beans);
  }

  /** Apart, because Spring Boot's Flyway is optional. */
  private static final class BootFlyway {

    static boolean exists(ConfigurableListableBeanFactory beans) {
      if (beans.getBeanNamesForType(FlywayMigrationInitializer.class, true, false).length == 0) {
        return false;
      }
      for (String strategy :
          beans.getBeanNamesForType(FlywayMigrationStrategy.class, true, false)) {
        if (!strategy.equals("evenkeelFlywayMigrationStrategy")) {
          throw new EvenkeelConfigurationException(
              "The FlywayMigrationStrategy bean \"%s\" takes the place of the one that migrates every shard; remove it"
                  .formatted(strategy));
        }
      }
      return true;
    }
  }
}
