package dev.evenkeel.testing.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/**
 * The PostgreSQL version that a test run asks for, and the one it gets. A run for version 14 that
 * silently meets version 18 proves nothing, so integration tests call {@link #assertExpected}.
 */
public final class ServerVersion {

  /** System property with the major version under test. */
  public static final String PROPERTY = "evenkeel.test.postgres";

  private static final String DEFAULT_MAJOR = "18";

  private ServerVersion() {}

  /**
   * The major version that this test run asks for: the system property {@value #PROPERTY}, by
   * default 18.
   */
  public static int expectedMajor() {
    String value = System.getProperty(PROPERTY, DEFAULT_MAJOR);
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new PostgresException(
          "%s must be a major version of PostgreSQL such as 18, was %s".formatted(PROPERTY, value),
          e);
    }
  }

  /** The major version of the server behind a data source. */
  public static int major(DataSource dataSource) {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SHOW server_version_num")) {
      rows.next();
      return rows.getInt(1) / 10_000;
    } catch (SQLException e) {
      throw new PostgresException("The server's version could not be read", e);
    }
  }

  /**
   * Demands that the server behind a data source has the major version that this run asks for.
   *
   * @throws AssertionError if it has another one
   */
  public static void assertExpected(DataSource dataSource) {
    int expected = expectedMajor();
    int actual = major(dataSource);
    if (actual != expected) {
      throw new AssertionError(
          "This run asks for PostgreSQL %d (%s), but the server is PostgreSQL %d"
              .formatted(expected, PROPERTY, actual));
    }
  }
}
