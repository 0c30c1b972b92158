package dev.evenkeel.bench;

import dev.evenkeel.bench.peers.Deliveries;
import dev.evenkeel.bench.peers.Peer;
import dev.evenkeel.bench.peers.PeerDatabase;
import dev.evenkeel.bench.peers.PeerServer;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxStorage;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayMode;
import dev.evenkeel.relay.RelayOptions;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Ours, measured as the others are: in a process of its own, by the same harness. With all
 * defaults.
 */
public final class EvenkeelPeer implements Peer {

  private final RelayMode mode;
  private final EvenkeelPipeline.Consumer consumer;
  private @Nullable Running running;

  private EvenkeelPeer(RelayMode mode, EvenkeelPipeline.Consumer consumer) {
    this.mode = mode;
    this.consumer = consumer;
  }

  /**
   * The entry point.
   *
   * @param arguments a {@link RelayMode} and an {@link EvenkeelPipeline.Consumer}
   */
  public static void main(String[] arguments) {
    RelayMode mode = RelayMode.valueOf(arguments[0]);
    EvenkeelPipeline.Consumer consumer = EvenkeelPipeline.Consumer.valueOf(arguments[1]);
    PeerServer.serve(() -> new EvenkeelPeer(mode, consumer));
  }

  @Override
  public Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("evenkeel.relay.mode", mode.name());
    settings.put(
        "consumer",
        consumer.hasInbox()
            ? "a handler in one transaction with its inbox row"
            : "acknowledges at once, without an inbox");
    if (consumer.hasInbox()) {
      settings.put("evenkeel.inbox.commit", consumer.commit().name());
    }
    settings.put("lanes", String.valueOf(LaneOptions.defaults().lanes()));
    settings.put("everything else", "as it comes");
    return settings;
  }

  @Override
  public void start(PeerDatabase database, Deliveries deliveries) throws Exception {
    running = new Running(database, deliveries);
  }

  @Override
  public void write(List<dev.evenkeel.bench.peers.OrderPlaced> orders, Runnable beforeCommit) {
    Objects.requireNonNull(running).write(orders, beforeCommit);
  }

  @Override
  public void close() {
    if (running != null) {
      running.relay.stop();
    }
  }

  private final class Running {

    private final Relay relay;
    private final TransactionTemplate transaction;
    private final JdbcTemplate jdbc;
    private final Outbox outbox;

    Running(PeerDatabase database, Deliveries deliveries) throws Exception {
      String url = database.url();
      DatabaseInfo info =
          new DatabaseInfo(
              url.substring(url.lastIndexOf('/') + 1), url, database.user(), database.password());
      RelayWiring wiring =
          new RelayWiring(
              info,
              RelayOptions.defaults(RelayWiring.SCHEMA, "bench").withMode(mode),
              database.pool(),
              List.of(OrderPlaced.class));
      wiring.migrate();
      relay =
          consumer.hasInbox()
              ? wiring.inProcess(
                  List.of(new Handler(deliveries)), consumer.commit(), MessageObserver.NONE)
              : wiring.sendingTo(transport(deliveries));
      RelayWiring.startAndStream(relay);
      EvenkeelPipeline.awaitPublished(BenchDatabase.at(info), wiring);
      transaction = new TransactionTemplate(new DataSourceTransactionManager(database.pool()));
      jdbc = new JdbcTemplate(database.pool());
      outbox =
          wiring.outbox(
              OutboxStorage.TABLE, wiring.polls() ? new Waking(relay) : MessageObserver.NONE);
    }

    private static Transport transport(Deliveries deliveries) {
      return new NoOpTransport(deliveries::handled);
    }

    void write(List<dev.evenkeel.bench.peers.OrderPlaced> orders, Runnable beforeCommit) {
      transaction.executeWithoutResult(
          status -> {
            Tables.insert(jdbc, event(orders.get(0)));
            orders.forEach(order -> outbox.append(event(order)));
            TransactionSynchronizationManager.registerSynchronization(new Before(beforeCommit));
          });
    }

    private static OrderPlaced event(dev.evenkeel.bench.peers.OrderPlaced order) {
      return new OrderPlaced(order.orderId(), order.customer(), order.cents(), order.remark());
    }
  }

  /**
   * Does nothing, in one transaction with its inbox row; done is what is committed, which in groups
   * is durable a few milliseconds later.
   */
  private record Handler(Deliveries deliveries) {

    @InboxHandler(consumer = "bench")
    void on(OrderPlaced event) {
      deliveries.delivered(event.orderId());
      TransactionSynchronizationManager.registerSynchronization(
          new TransactionSynchronization() {
            @Override
            public void afterCommit() {
              deliveries.handled(event.orderId());
            }
          });
    }
  }

  /** As in an application: an append ends the pause of a relay that polls. */
  private record Waking(Relay relay) implements MessageObserver {

    @Override
    public void appended(int messages) {
      relay.wake();
    }
  }

  /** Comes when all that is left of the transaction is its commit, the outbox's insert included. */
  private record Before(Runnable action) implements TransactionSynchronization {

    @Override
    public void beforeCompletion() {
      action.run();
    }
  }
}
