package dev.evenkeel.autoconfigure;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.relay.ConnectionSettings;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.util.ClassUtils;

/**
 * Finds out how to connect without the pool: from properties, else as the application's data source
 * was told.
 */
final class ConnectionSettingsFactory {

  private static final boolean HIKARI =
      ClassUtils.isPresent(
          "com.zaxxer.hikari.HikariDataSource", ConnectionSettingsFactory.class.getClassLoader());

  private final @Nullable JdbcConnectionDetails details;
  private final DataSource dataSource;

  ConnectionSettingsFactory(@Nullable JdbcConnectionDetails details, DataSource dataSource) {
    this.details = details;
    this.dataSource = dataSource;
  }

  /**
   * Settings where a null or blank value means: as the application's data source.
   *
   * @param prefix of the properties, for the error
   * @throws EvenkeelConfigurationException if no URL can be found, or it is not PostgreSQL's
   */
  ConnectionSettings settings(
      String prefix, @Nullable String url, @Nullable String username, @Nullable String password) {
    Login login = login();
    String resolved = firstText(url, login.url());
    if (resolved.isEmpty()) {
      throw new EvenkeelConfigurationException(
          prefix
              + ".url must be set, because the application's DataSource does not tell its URL; set"
              + " it, the username and the password");
    }
    // A password belongs to a role: with another role the application's password is of no use.
    String inherited = username == null || username.isBlank() ? login.password() : null;
    try {
      return new ConnectionSettings(
          resolved, firstText(username, login.username()), firstText(password, inherited));
    } catch (IllegalArgumentException e) {
      throw new EvenkeelConfigurationException(String.valueOf(e.getMessage()), e);
    }
  }

  private record Login(
      @Nullable String url, @Nullable String username, @Nullable String password) {}

  private Login login() {
    if (details != null) {
      return new Login(details.getJdbcUrl(), details.getUsername(), details.getPassword());
    }
    return HIKARI ? Hikari.login(dataSource) : new Login(null, null, null);
  }

  private static String firstText(@Nullable String first, @Nullable String second) {
    if (first != null && !first.isBlank()) {
      return first;
    }
    return second == null ? "" : second;
  }

  /** Apart, because HikariCP is optional. */
  private static final class Hikari {

    static Login login(DataSource dataSource) {
      HikariDataSource pool = DataSourceUnwrapper.unwrap(dataSource, HikariDataSource.class);
      return pool == null
          ? new Login(null, null, null)
          : new Login(pool.getJdbcUrl(), pool.getUsername(), pool.getPassword());
    }
  }
}
