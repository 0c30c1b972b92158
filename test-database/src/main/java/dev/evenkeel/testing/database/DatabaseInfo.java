package dev.evenkeel.testing.database;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * How to reach one database. Immutable, for any thread.
 *
 * @param name the database's name
 * @param jdbcUrl its JDBC URL, without credentials
 * @param username the role to log in as; a superuser on servers that this package starts
 * @param password the role's password; ignored by servers that this package starts
 */
public record DatabaseInfo(String name, String jdbcUrl, String username, String password) {

  /**
   * A data source without a pool: each connection is a new session, and closing it ends the
   * session.
   */
  public DataSource dataSource() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(jdbcUrl);
    dataSource.setUser(username);
    dataSource.setPassword(password);
    return dataSource;
  }

  /** A new session, which the caller closes. */
  public Connection connect() throws SQLException {
    return dataSource().getConnection();
  }

  @Override
  public String toString() {
    return jdbcUrl + " as " + username;
  }
}
