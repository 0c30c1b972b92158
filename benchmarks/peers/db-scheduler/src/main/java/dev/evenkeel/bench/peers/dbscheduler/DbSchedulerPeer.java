package dev.evenkeel.bench.peers.dbscheduler;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.serializer.GsonSerializer;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import dev.evenkeel.bench.peers.Deliveries;
import dev.evenkeel.bench.peers.OrderPlaced;
import dev.evenkeel.bench.peers.Peer;
import dev.evenkeel.bench.peers.PeerDatabase;
import dev.evenkeel.bench.peers.PeerServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionTemplate;

/** db-scheduler: an event is a task for one time, scheduled in the business transaction. */
public final class DbSchedulerPeer implements Peer {

  /** What its guide shows for PostgreSQL, without the index for priorities, which are not used. */
  private static final String TABLE =
      """
      CREATE TABLE scheduled_tasks (
          task_name            text        NOT NULL,
          task_instance        text        NOT NULL,
          task_data            bytea,
          execution_time       timestamptz,
          picked               boolean     NOT NULL,
          picked_by            text,
          last_success         timestamptz,
          last_failure         timestamptz,
          consecutive_failures int,
          last_heartbeat       timestamptz,
          version              bigint      NOT NULL,
          priority             smallint,
          state                text,
          PRIMARY KEY (task_name, task_instance)
      );
      CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time);
      CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat);
      """;

  /**
   * As its makers measured 10,000 a second on four machines: lock-and-fetch, 20 threads, limits of
   * 4 and 20 times as many. Their other one, of 0.5 and 4, was slower here.
   */
  private static final int THREADS = 20;

  private static final double LOWER_LIMIT = 4;
  private static final double UPPER_LIMIT = 20;

  /** While there is work it looks again at once; this is for the idle. The default is 10 s. */
  private static final Duration POLL_EVERY = Duration.ofMillis(10);

  private OneTimeTask<OrderPlaced> task;
  private TransactionTemplate transaction;
  private JdbcTemplate jdbc;
  private SchedulerClient client;
  private Scheduler scheduler;

  /** The entry point. */
  public static void main(String[] arguments) {
    PeerServer.serve(DbSchedulerPeer::new);
  }

  @Override
  public Map<String, String> settings() {
    return Map.of(
        "threads", String.valueOf(THREADS),
        "polling strategy", "lock-and-fetch, limits %s and %s".formatted(LOWER_LIMIT, UPPER_LIMIT),
        "polling interval", POLL_EVERY.toMillis() + " ms",
        "serializer", "Gson",
        "schedule", "as a batch");
  }

  @Override
  public void start(PeerDatabase database, Deliveries deliveries) {
    DataSource dataSource = database.pool();
    task =
        Tasks.oneTime("order-placed", OrderPlaced.class)
            .execute((instance, context) -> deliveries.handled(instance.getData().orderId()));
    transaction = new TransactionTemplate(new DataSourceTransactionManager(dataSource));
    jdbc = new JdbcTemplate(dataSource);
    jdbc.execute(TABLE);
    client =
        SchedulerClient.Builder.create(new TransactionAwareDataSourceProxy(dataSource), task)
            .serializer(new GsonSerializer())
            .build();
    scheduler =
        Scheduler.create(dataSource, task)
            .serializer(new GsonSerializer())
            .threads(THREADS)
            .pollUsingLockAndFetch(LOWER_LIMIT, UPPER_LIMIT)
            .pollingInterval(POLL_EVERY)
            .build();
    scheduler.start();
  }

  /** As a batch, which spares the look for a task of the same id. */
  @Override
  public void write(List<OrderPlaced> orders, Runnable beforeCommit) {
    transaction.executeWithoutResult(
        status -> {
          OrderPlaced order = orders.get(0);
          jdbc.update(INSERT_ORDER, order.orderId(), order.customer(), order.cents());
          List<TaskInstance<?>> instances = new ArrayList<>();
          for (OrderPlaced each : orders) {
            instances.add(task.instance(Long.toString(each.orderId()), each));
          }
          client.scheduleBatch(instances, Instant.now());
          beforeCommit.run();
        });
  }

  @Override
  public void close() {
    scheduler.stop();
  }
}
