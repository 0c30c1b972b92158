package dev.evenkeel.autoconfigure;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts applications on a database, with short intervals. */
public final class TestApplications {

  private TestApplications() {}

  /** Starts one without a web server. */
  public static ConfigurableApplicationContext start(
      DatabaseInfo database, Class<?> application, String... properties) {
    return builder(database, application, properties).web(WebApplicationType.NONE).run();
  }

  /** Starts one with a web server on a free port. */
  static ConfigurableApplicationContext startWeb(
      DatabaseInfo database, Class<?> application, String... properties) {
    return builder(database, application, properties)
        .web(WebApplicationType.SERVLET)
        .properties("server.port=0")
        .run();
  }

  private static SpringApplicationBuilder builder(
      DatabaseInfo database, Class<?> application, String... properties) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "spring.datasource.url=" + database.jdbcUrl(),
                "spring.datasource.username=" + database.username(),
                "spring.datasource.password=" + database.password(),
                "spring.datasource.hikari.maximum-pool-size=8",
                "spring.datasource.hikari.minimum-idle=0",
                "spring.main.banner-mode=off",
                "evenkeel.inbox.lanes=2",
                "evenkeel.relay.contend-interval=100ms",
                "evenkeel.relay.heartbeat-interval=100ms"));
    all.addAll(List.of(properties));
    return new SpringApplicationBuilder(application)
        .logStartupInfo(false)
        .properties(all.toArray(String[]::new));
  }
}
