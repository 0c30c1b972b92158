package dev.evenkeel.modulith;

import com.example.bookshop.BookshopApplication;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts the Modulith application on a database, with short intervals. */
final class Bookshops {

  /** What spring-modulith-events-core brings, without which there is no registry either. */
  private static final String REGISTRY =
      "org.springframework.modulith.events.config.EventPublicationAutoConfiguration,"
          + "org.springframework.modulith.events.config.EventExternalizationAutoConfiguration,"
          + "org.springframework.modulith.events.jdbc.JdbcEventPublicationAutoConfiguration";

  private Bookshops() {}

  /** Without Modulith's event publication registry, which is on the tests' class path. */
  static ConfigurableApplicationContext start(DatabaseInfo database, String... properties) {
    return start(database, BookshopApplication.class, properties);
  }

  /** The same with more beans. */
  static ConfigurableApplicationContext start(
      DatabaseInfo database, Class<?> application, String... properties) {
    List<String> all = new ArrayList<>(List.of(properties));
    all.add("spring.autoconfigure.exclude=" + REGISTRY);
    return run(database, application, all);
  }

  /** With the registry, in a schema of its own. */
  static ConfigurableApplicationContext startWithRegistry(DatabaseInfo database) {
    return run(
        database,
        BookshopApplication.class,
        List.of(
            "spring.modulith.events.jdbc.schema=registry",
            "spring.modulith.events.jdbc.schema-initialization.enabled=true"));
  }

  private static ConfigurableApplicationContext run(
      DatabaseInfo database, Class<?> application, List<String> properties) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "spring.datasource.url=" + database.jdbcUrl(),
                "spring.datasource.username=" + database.username(),
                "spring.datasource.password=" + database.password(),
                "spring.datasource.hikari.maximum-pool-size=8",
                "spring.datasource.hikari.minimum-idle=0",
                "spring.sql.init.mode=always",
                "spring.main.banner-mode=off",
                "evenkeel.inbox.lanes=2",
                "evenkeel.inbox.retry.in-memory-attempts=2",
                "evenkeel.inbox.retry.in-memory-budget=100ms",
                "evenkeel.inbox.retry.max-attempts=4",
                "evenkeel.inbox.retry.first-backoff=50ms",
                "evenkeel.inbox.retry.max-backoff=100ms",
                "evenkeel.relay.contend-interval=100ms",
                "evenkeel.relay.heartbeat-interval=100ms"));
    all.addAll(properties);
    return new SpringApplicationBuilder(application)
        .logStartupInfo(false)
        .web(WebApplicationType.NONE)
        .properties(all.toArray(String[]::new))
        .run();
  }
}
