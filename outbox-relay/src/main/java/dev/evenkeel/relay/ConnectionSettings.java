package dev.evenkeel.relay;

/**
 * How the relay reaches the database. It connects directly: a replication stream and session
 * advisory locks do not pass a transaction-mode pooler.
 *
 * @param jdbcUrl {@code jdbc:postgresql://host:port/database?...}
 * @param username a role with LOGIN and REPLICATION
 * @param password its password, empty when none is asked for
 */
public record ConnectionSettings(String jdbcUrl, String username, String password) {

  public ConnectionSettings {
    if (!jdbcUrl.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException(
          "evenkeel.relay.url must start with jdbc:postgresql:, was " + jdbcUrl);
    }
  }

  @Override
  public String toString() {
    return jdbcUrl + " as " + username;
  }
}
