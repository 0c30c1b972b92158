package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.InboxCommit;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.relay.Relay;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * The process that {@link FailoverScenario} kills and stops: a relay with its defaults, and a
 * handler that writes into the database. Says each state of its relay, and ends when its input
 * does.
 */
public final class RelayNodeMain {

  private static final int CONNECTIONS = 24;
  private static final Duration LOOK = Duration.ofMillis(5);

  private RelayNodeMain() {}

  /**
   * The entry point.
   *
   * @param arguments the node's name; name, JDBC URL, user and password of the database; the file
   *     for its attempts
   */
  public static void main(String[] arguments) throws Exception {
    DatabaseInfo database =
        new DatabaseInfo(arguments[1], arguments[2], arguments[3], arguments[4]);
    HikariDataSource dataSource = BenchDatabase.at(database).pool(CONNECTIONS);
    Attempt.Log log = new Attempt.Log(Path.of(arguments[5]));
    RelayWiring wiring =
        new RelayWiring(database, arguments[0], dataSource, List.of(AccountMoved.class));
    Relay relay =
        wiring.inProcess(
            List.of(new Handler(log, new JdbcTemplate(dataSource))),
            InboxCommit.DURABLE,
            MessageObserver.NONE);
    relay.start();
    Thread teller = new Thread(() -> tell(relay), "teller");
    teller.setDaemon(true);
    teller.start();
    System.in.transferTo(OutputStream.nullOutputStream());
    relay.stop();
    System.exit(0);
  }

  @SuppressWarnings("InfiniteLoopStatement") // a daemon
  private static void tell(Relay relay) {
    @Nullable RelayState told = null;
    while (true) {
      RelayState state = relay.status().state();
      if (state != told) {
        System.out.println(state);
        told = state;
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  private record Handler(Attempt.Log log, JdbcTemplate jdbc) {

    @InboxHandler(consumer = "bench")
    void on(AccountMoved event) {
      log.add(event);
      jdbc.update(AccountMoved.INSERT, event.number(), event.account(), event.sequence());
    }
  }
}
