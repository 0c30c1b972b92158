package dev.evenkeel.testing.database;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server that somebody else runs, named by the JDBC URL of a database on which databases may be
 * created.
 */
record ExternalDatabaseSource(DatabaseInfo maintenance) implements DatabaseSource {

  private static final Pattern URL = Pattern.compile("(jdbc:postgresql://[^/?]+/)([^?]+)(\\?.*)?");

  static ExternalDatabaseSource of(String url, String username, String password) {
    return new ExternalDatabaseSource(
        new DatabaseInfo(match(url).group(2), url, username, password));
  }

  @Override
  public DatabaseInfo database(String name) {
    Matcher url = match(maintenance.jdbcUrl());
    String parameters = url.group(3) == null ? "" : url.group(3);
    return new DatabaseInfo(
        name, url.group(1) + name + parameters, maintenance.username(), maintenance.password());
  }

  @Override
  public boolean outlivesJvm() {
    return true;
  }

  private static Matcher match(String url) {
    Matcher matcher = URL.matcher(url);
    if (!matcher.matches()) {
      throw new PostgresException(
          "%s must be jdbc:postgresql://<host>/<database>, `testcontainers` or absent, was %s"
              .formatted(TestDatabase.SOURCE_PROPERTY, url));
    }
    return matcher;
  }
}
