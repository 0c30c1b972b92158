package dev.evenkeel.relay;

/**
 * How the relay reaches the database. It connects directly: a replication stream and session
 * advisory locks do not pass a transaction-mode pooler.
 *
 * @param jdbcUrl {@code jdbc:postgresql://host:port/database?...}, or several {@code host:port}
 *     with commas: then the primary among them, and all sessions of a term on the same one
 * @param username a role with LOGIN and REPLICATION
 * @param password its password, empty when none is asked for
 */
public record ConnectionSettings(String jdbcUrl, String username, String password) {

  private static final String HOSTS = "jdbc:postgresql://";

  public ConnectionSettings {
    if (!jdbcUrl.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException(
          "evenkeel.relay.url must start with jdbc:postgresql:, was " + jdbcUrl);
    }
  }

  /**
   * One server and no other, where the URL names several hosts.
   *
   * @param hostAndPort as in a URL
   */
  ConnectionSettings at(String hostAndPort) {
    int end = endOfHosts();
    return end < 0
        ? this
        : new ConnectionSettings(HOSTS + hostAndPort + jdbcUrl.substring(end), username, password);
  }

  /** Whether the URL names several hosts. */
  boolean severalHosts() {
    int end = endOfHosts();
    return end >= 0 && jdbcUrl.substring(0, end).contains(",");
  }

  /** Where the list of hosts ends; negative: the URL has none. */
  private int endOfHosts() {
    if (!jdbcUrl.startsWith(HOSTS)) {
      return -1;
    }
    for (int i = HOSTS.length(); i < jdbcUrl.length(); i++) {
      if (jdbcUrl.charAt(i) == '/' || jdbcUrl.charAt(i) == '?') {
        return i;
      }
    }
    return jdbcUrl.length();
  }

  @Override
  public String toString() {
    return jdbcUrl + " as " + username;
  }
}
