package dev.evenkeel.autoconfigure;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
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
  public static ConfigurableApplicationContext startWeb(
      DatabaseInfo database, Class<?> application, String... properties) {
    return builder(database, application, properties)
        .web(WebApplicationType.SERVLET)
        .properties("server.port=0")
        .run();
  }

  /**
   * Starts one on shards, without a web server.
   *
   * @param shards by name; the first by name holds the slot map
   */
  public static ConfigurableApplicationContext startSharded(
      SortedMap<String, DatabaseInfo> shards, Class<?> application, String... properties) {
    return sharded(shards, application, properties).web(WebApplicationType.NONE).run();
  }

  private static SpringApplicationBuilder sharded(
      SortedMap<String, DatabaseInfo> shards, Class<?> application, String... properties) {
    List<String> urls = new ArrayList<>(List.of("evenkeel.catalogue=" + shards.firstKey()));
    shards.forEach(
        (name, database) -> {
          urls.add("evenkeel.shards." + name + ".url=" + database.jdbcUrl());
          urls.add("evenkeel.shards." + name + ".username=" + database.username());
          urls.add("evenkeel.shards." + name + ".password=" + database.password());
        });
    urls.addAll(List.of(properties));
    return builder(application, urls);
  }

  /** {@link #startSharded} with a web server on a free port. */
  public static ConfigurableApplicationContext startShardedWeb(
      SortedMap<String, DatabaseInfo> shards, Class<?> application, String... properties) {
    return sharded(shards, application, properties)
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
                "spring.datasource.password=" + database.password()));
    all.addAll(List.of(properties));
    return builder(application, all);
  }

  private static SpringApplicationBuilder builder(Class<?> application, List<String> properties) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "spring.datasource.hikari.maximum-pool-size=8",
                "spring.datasource.hikari.minimum-idle=0",
                "spring.main.banner-mode=off",
                "evenkeel.inbox.lanes=2",
                "evenkeel.relay.contend-interval=100ms",
                "evenkeel.relay.heartbeat-interval=100ms"));
    all.addAll(properties);
    return new SpringApplicationBuilder(application)
        .logStartupInfo(false)
        .properties(all.toArray(String[]::new));
  }
}
