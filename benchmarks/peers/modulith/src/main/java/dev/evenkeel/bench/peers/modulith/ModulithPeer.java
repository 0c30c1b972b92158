package dev.evenkeel.bench.peers.modulith;

import dev.evenkeel.bench.peers.Deliveries;
import dev.evenkeel.bench.peers.OrderPlaced;
import dev.evenkeel.bench.peers.Peer;
import dev.evenkeel.bench.peers.PeerDatabase;
import dev.evenkeel.bench.peers.PeerServer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.modulith.events.ApplicationModuleListener;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Spring Modulith's event publication registry: each event is a row per listener, handed to an
 * executor after the commit, without any order.
 */
public final class ModulithPeer implements Peer {

  /**
   * Completed publications are deleted, as its guide says for registries that must not grow. Spring
   * Boot's executor would have 8 threads; as many as there are writers were no slower.
   */
  private static final Map<String, Object> SETTINGS =
      Map.of(
          "spring.modulith.events.jdbc.schema-initialization.enabled",
          true,
          "spring.modulith.events.completion-mode",
          "delete",
          "spring.task.execution.pool.core-size",
          16);

  private ConfigurableApplicationContext context;
  private TransactionTemplate transaction;
  private JdbcTemplate jdbc;

  /** The entry point. */
  public static void main(String[] arguments) {
    PeerServer.serve(ModulithPeer::new);
  }

  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Application {}

  /** Does nothing, in a transaction of its own; not final, because its proxy is a subclass. */
  static class OrderListener {

    private final Deliveries deliveries;

    OrderListener(Deliveries deliveries) {
      this.deliveries = deliveries;
    }

    @ApplicationModuleListener
    void on(OrderPlaced event) {
      deliveries.handled(event.orderId());
    }
  }

  @Override
  public Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    SETTINGS.forEach((name, value) -> settings.put(name, value.toString()));
    return settings;
  }

  @Override
  public void start(PeerDatabase database, Deliveries deliveries) {
    DataSource dataSource = database.pool();
    context =
        new SpringApplicationBuilder(Application.class)
            .web(WebApplicationType.NONE)
            .bannerMode(Banner.Mode.OFF)
            .properties(SETTINGS)
            .initializers(
                (GenericApplicationContext beans) -> {
                  beans.registerBean(
                      DataSource.class,
                      () -> dataSource,
                      definition -> definition.setDestroyMethodName(null));
                  beans.registerBean(OrderListener.class, () -> new OrderListener(deliveries));
                })
            .run();
    transaction = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
    jdbc = new JdbcTemplate(dataSource);
  }

  @Override
  public void write(List<OrderPlaced> orders, Runnable beforeCommit) {
    transaction.executeWithoutResult(
        status -> {
          OrderPlaced order = orders.get(0);
          jdbc.update(INSERT_ORDER, order.orderId(), order.customer(), order.cents());
          orders.forEach(context::publishEvent);
          beforeCommit.run();
        });
  }

  @Override
  public void close() {
    context.close();
  }
}
