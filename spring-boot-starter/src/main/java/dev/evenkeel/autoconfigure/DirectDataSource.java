package dev.evenkeel.autoconfigure;

import dev.evenkeel.relay.ConnectionSettings;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** A data source without a pool, for a role that works once. */
final class DirectDataSource {

  private DirectDataSource() {}

  static DataSource of(ConnectionSettings settings) {
    return new DriverManagerDataSource(
        settings.jdbcUrl(), settings.username(), settings.password());
  }
}
