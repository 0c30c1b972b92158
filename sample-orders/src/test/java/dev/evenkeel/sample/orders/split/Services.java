package dev.evenkeel.sample.orders.split;

import dev.evenkeel.sample.orders.audit.AuditReport;
import dev.evenkeel.sample.orders.audit.SagaAudit;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;

/** What is around the three services: a broker, and a database for each. */
final class Services implements AutoCloseable {

  /** Their names: profile, application and database alike. */
  static final List<String> NAMES = List.of("customers", "orders", "warehouses");

  private final Broker broker = new Broker();
  private final Map<String, DatabaseInfo> databases = new TreeMap<>();
  private final Map<String, Integer> ports = new TreeMap<>();
  private final SagaAudit audit;

  Services() {
    Map<String, DataSource> sources = new TreeMap<>();
    for (String name : NAMES) {
      DatabaseInfo database = TestDatabase.shared().createDatabase();
      databases.put(name, database);
      sources.put(name, database.dataSource());
    }
    audit = new SagaAudit(sources, "evenkeel");
  }

  /** Says where a service is reached. The customers have to be known before the orders start. */
  void listens(String name, int port) {
    ports.put(name, port);
  }

  /** What a service is given at its start. */
  List<String> arguments(String name, String... more) {
    DatabaseInfo database = databases.get(name);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--spring.profiles.active=" + name,
                "--spring.kafka.bootstrap-servers=" + broker.address(),
                "--spring.datasource.url=" + database.jdbcUrl(),
                "--spring.datasource.username=" + database.username(),
                "--spring.datasource.password=" + database.password(),
                "--spring.datasource.hikari.minimum-idle=1"));
    if (name.equals("orders")) {
      arguments.add("--orders.payments.url=http://localhost:" + ports.get("customers"));
    }
    arguments.addAll(List.of(more));
    return arguments;
  }

  JdbcTemplate sql(String name) {
    return new JdbcTemplate(databases.get(name).dataSource());
  }

  /** Over all three databases. */
  AuditReport audit() throws SQLException {
    return audit.run();
  }

  @Override
  public void close() {
    broker.close();
    databases.values().forEach(TestDatabase.shared()::dropDatabase);
  }
}
