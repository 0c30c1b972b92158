package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.PostgresServer;
import java.util.List;
import java.util.stream.IntStream;

/** Three PostgreSQL servers, each behind a proxy, for all rounds of a run. */
final class Servers implements AutoCloseable {

  private final List<PostgresServer> servers;
  private final List<TcpProxy> proxies;

  Servers() {
    servers =
        IntStream.range(0, 3)
            .parallel()
            .mapToObj(number -> PostgresServer.builder().setting("max_connections", "300").start())
            .toList();
    proxies = servers.stream().map(server -> new TcpProxy(server.port())).toList();
  }

  PostgresServer server(int number) {
    return servers.get(number);
  }

  TcpProxy proxy(int number) {
    return proxies.get(number);
  }

  /** How a database is reached through the proxy. */
  DatabaseInfo proxied(int number, DatabaseInfo direct) {
    return new DatabaseInfo(
        direct.name(),
        "jdbc:postgresql://127.0.0.1:%d/%s".formatted(proxy(number).port(), direct.name()),
        direct.username(),
        direct.password());
  }

  @Override
  public void close() {
    proxies.forEach(TcpProxy::close);
    servers.parallelStream().forEach(PostgresServer::close);
  }
}
