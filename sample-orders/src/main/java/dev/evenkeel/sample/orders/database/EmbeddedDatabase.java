package dev.evenkeel.sample.orders.database;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.nio.file.Path;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

/**
 * A PostgreSQL that starts and ends with the application. {@code orders.database.directory} names
 * the folder to keep its data in; without it they are gone at the end.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(NoDatabaseConfigured.class)
class EmbeddedDatabase {

  /**
   * The server. It leaves last, when relay and connection pool are gone, and therefore not by the
   * JVM's shutdown hook, which would run beside Spring's.
   */
  @Bean(destroyMethod = "close")
  PostgresServer postgresServer(@Value("${orders.database.directory:}") String directory) {
    PostgresServer.Builder server = PostgresServer.builder().keepRunning();
    if (!directory.isBlank()) {
      server.dataDirectory(Path.of(directory));
    }
    return server.start();
  }

  @Bean
  JdbcConnectionDetails ordersDatabase(PostgresServer server) {
    DatabaseInfo database = server.createDatabase("orders");
    return new JdbcConnectionDetails() {
      @Override
      public String getJdbcUrl() {
        return database.jdbcUrl();
      }

      @Override
      public String getUsername() {
        return database.username();
      }

      @Override
      public String getPassword() {
        return database.password();
      }
    };
  }
}
