package dev.evenkeel.testing.database;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The servers that end with this JVM. */
final class RunningServers {

  private static final Logger log = LoggerFactory.getLogger(RunningServers.class);
  private static final Set<PostgresServer> servers = ConcurrentHashMap.newKeySet();

  private static boolean hooked;

  private RunningServers() {}

  static synchronized void add(PostgresServer server) {
    // Here and not in an initializer: a server that is kept running may first be closed, and this
    // class first be used, while the JVM ends; by then no hook is accepted any more.
    if (!hooked) {
      hooked = true;
      Runtime.getRuntime()
          .addShutdownHook(new Thread(RunningServers::closeAll, "postgres-shutdown"));
    }
    servers.add(server);
  }

  static void remove(PostgresServer server) {
    servers.remove(server);
  }

  private static void closeAll() {
    for (PostgresServer server : List.copyOf(servers)) {
      try {
        server.close();
      } catch (RuntimeException e) {
        log.warn("The server on {} was left running", server.dataDirectory(), e);
      }
    }
  }
}
