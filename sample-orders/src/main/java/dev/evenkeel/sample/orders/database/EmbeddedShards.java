package dev.evenkeel.sample.orders.database;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Brings databases along when none is configured: one PostgreSQL that starts and ends with the
 * application, with a database for each of {@code orders.database.shards}, or one where there are
 * none. {@code orders.database.directory} names the folder to keep the data in; without it they are
 * gone at the end.
 *
 * <p>Spring Boot runs it before it looks at any bean, so that auto-configuration finds the
 * properties as if a user had written them.
 */
final class EmbeddedShards
    implements ApplicationContextInitializer<ConfigurableApplicationContext> {

  private static final Logger log = LoggerFactory.getLogger(EmbeddedShards.class);

  /** Of the one database of an application without shards, as it was before there were any. */
  private static final String UNSHARDED = "orders";

  @Override
  public void initialize(ConfigurableApplicationContext context) {
    ConfigurableEnvironment environment = context.getEnvironment();
    if (databaseConfigured(environment)) {
      return;
    }
    String directory = environment.getProperty("orders.database.directory", "");
    PostgresServer server = start(directory);
    // The first to be registered is the last to be destroyed: relays and pools are gone by then.
    // Not the JVM's shutdown hook, which would run beside Spring's.
    ((DefaultSingletonBeanRegistry) context.getBeanFactory())
        .registerDisposableBean("embeddedPostgresServer", server::close);
    try {
      environment
          .getPropertySources()
          .addLast(
              new MapPropertySource(
                  "embeddedShards", properties(server, directory, shards(environment))));
    } catch (RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private static List<String> shards(ConfigurableEnvironment environment) {
    return Binder.get(environment)
        .bind("orders.database.shards", Bindable.listOf(String.class))
        .orElse(List.of());
  }

  private static boolean databaseConfigured(ConfigurableEnvironment environment) {
    return environment.containsProperty("spring.datasource.url")
        || Binder.get(environment)
            .bind("evenkeel.shards", Bindable.mapOf(String.class, Object.class))
            .isBound();
  }

  private static PostgresServer start(String directory) {
    PostgresServer.Builder server = PostgresServer.builder().keepRunning();
    if (!directory.isBlank()) {
      server.dataDirectory(Path.of(directory));
    }
    return server.start();
  }

  private static Map<String, Object> properties(
      PostgresServer server, String directory, List<String> shards) {
    if (shards.isEmpty()) {
      return properties("spring.datasource.", server.createDatabase(UNSHARDED));
    }
    if (exists(server, UNSHARDED)) {
      log.info(
          "{} holds orders from before the shards: running on that one database; another"
              + " orders.database.directory brings shards",
          directory);
      return properties("spring.datasource.", server.database(UNSHARDED));
    }
    Map<String, Object> properties = new LinkedHashMap<>();
    for (String name : shards) {
      DatabaseInfo database = server.createDatabase("orders_" + name);
      properties.putAll(properties("evenkeel.shards.%s.".formatted(name), database));
    }
    properties.put("evenkeel.catalogue", shards.get(0));
    return properties;
  }

  private static Map<String, Object> properties(String prefix, DatabaseInfo database) {
    return Map.of(
        prefix + "url", database.jdbcUrl(),
        prefix + "username", database.username(),
        prefix + "password", database.password());
  }

  private static boolean exists(PostgresServer server, String name) {
    try (Connection connection = server.maintenanceDatabase().connect();
        PreparedStatement statement =
            connection.prepareStatement("SELECT FROM pg_database WHERE datname = ?")) {
      statement.setString(1, name);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(
          "The server in %s does not answer: %s".formatted(server.dataDirectory(), e.getMessage()),
          e);
    }
  }
}
