package dev.evenkeel.autoconfigure;

import java.util.Set;
import org.springframework.boot.sql.init.dependency.AbstractBeansOfTypeDatabaseInitializerDetector;
import org.springframework.core.Ordered;

/**
 * Makes the application's own initializers (Flyway, Liquibase, scripts), JPA and Spring JDBC depend
 * on ours: its migrations may then refer to ours, its entity manager factory finds the schema.
 */
final class SchemaInitializerDetector extends AbstractBeansOfTypeDatabaseInitializerDetector {

  @Override
  protected Set<Class<?>> getDatabaseInitializerBeanTypes() {
    return Set.of(SchemaInitializer.class, ShardStarter.class);
  }

  /** Each detector's beans depend on those of the detectors before it. */
  @Override
  public int getOrder() {
    return Ordered.HIGHEST_PRECEDENCE;
  }
}
