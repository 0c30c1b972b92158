package dev.evenkeel.bench.peers.namastack;

import dev.evenkeel.bench.peers.OrderPlaced;
import dev.evenkeel.bench.peers.Peer;
import dev.evenkeel.bench.peers.PeerServer;
import io.namastack.outbox.Outbox;
import io.namastack.outbox.handler.OutboxRecordMetadata;
import io.namastack.outbox.handler.OutboxTypedHandler;
import java.util.Map;
import java.util.function.LongConsumer;
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

    private final LongConsumer handler;

    OrderHandler(LongConsumer handler) {
      this.handler = handler;
    }

    @Override
    public void handle(OrderPlaced event, OutboxRecordMetadata metadata) {
      handler.accept(event.orderId());
    }
  }

  @Override
  public void start(DataSource dataSource, LongConsumer handler) {
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
                  beans.registerBean(OrderHandler.class, () -> new OrderHandler(handler));
                })
            .run();
    transaction = new TransactionTemplate(context.getBean(PlatformTransactionManager.class));
    jdbc = new JdbcTemplate(dataSource);
    outbox = context.getBean(Outbox.class);
  }

  @Override
  public void write(OrderPlaced order, Runnable beforeCommit) {
    transaction.executeWithoutResult(
        status -> {
          jdbc.update(INSERT_ORDER, order.orderId(), order.customer(), order.cents());
          outbox.schedule(order, Long.toString(order.orderId()));
          beforeCommit.run();
        });
  }

  @Override
  public void close() {
    context.close();
  }
}
