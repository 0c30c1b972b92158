package dev.evenkeel.bench.peers.namastack;

import dev.evenkeel.bench.peers.Deliveries;
import dev.evenkeel.bench.peers.OrderPlaced;
import dev.evenkeel.bench.peers.Peer;
import dev.evenkeel.bench.peers.PeerDatabase;
import dev.evenkeel.bench.peers.PeerServer;
import io.namastack.outbox.Outbox;
import io.namastack.outbox.handler.OutboxRecordMetadata;
import io.namastack.outbox.handler.OutboxTypedHandler;
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
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** namastack's outbox: a poller that hands records over in the order of their keys. */
public final class NamastackPeer implements Peer {

  /**
   * Its defaults read 10 keys every 2 s, with 4 to 8 threads. Looking every 10 ms or reading 5,000
   * at a time was slower than this. Completed records are deleted, as its guide says for tables
   * that must not grow.
   */
  private static final Map<String, Object> SETTINGS =
      Map.of(
          "namastack.outbox.polling.fixed.interval", "100ms",
          "namastack.outbox.polling.batch-size", 1_000,
          "namastack.outbox.processing.executor-core-pool-size", 16,
          "namastack.outbox.processing.executor-max-pool-size", 16,
          "namastack.outbox.processing.delete-completed-records", true);

  private ConfigurableApplicationContext context;
  private TransactionTemplate transaction;
  private JdbcTemplate jdbc;
  private Outbox outbox;

  /** The entry point. */
  public static void main(String[] arguments) {
    PeerServer.serve(NamastackPeer::new);
  }

  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Application {}

  /** Does nothing. */
  static final class OrderHandler implements OutboxTypedHandler<OrderPlaced> {

    private final Deliveries deliveries;

    OrderHandler(Deliveries deliveries) {
      this.deliveries = deliveries;
    }

    @Override
    public void handle(OrderPlaced event, OutboxRecordMetadata metadata) {
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
                  beans.registerBean(OrderHandler.class, () -> new OrderHandler(deliveries));
                })
            .run();
    transaction = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
    jdbc = new JdbcTemplate(dataSource);
    outbox = context.getBean(Outbox.class);
  }

  @Override
  public void write(List<OrderPlaced> orders, Runnable beforeCommit) {
    transaction.executeWithoutResult(
        status -> {
          OrderPlaced order = orders.get(0);
          jdbc.update(INSERT_ORDER, order.orderId(), order.customer(), order.cents());
          orders.forEach(each -> outbox.schedule(each, Long.toString(each.orderId())));
          beforeCommit.run();
        });
  }

  @Override
  public void close() {
    context.close();
  }
}
