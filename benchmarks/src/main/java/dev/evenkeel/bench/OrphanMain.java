package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.SagaEngine;
import dev.evenkeel.saga.SagaOptions;
import dev.evenkeel.saga.spi.SagaObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The process that {@link SagaRecovery} kills: starts sagas at home on the first database, whose
 * first step gets done and whose second one, on another database, never ends. Says {@code ready}
 * when all stand there.
 */
public final class OrphanMain {

  static final String NODE = "orphan";

  private static final int CALLERS = 16;

  private static final String FIRST_DONE =
      "SELECT count(*) FROM %s.saga_step WHERE step = 'first'".formatted(SagaDatabases.SCHEMA);

  private OrphanMain() {}

  /**
   * The entry point.
   *
   * @param arguments how many sagas; then JDBC URL, user and password of each database
   */
  public static void main(String[] arguments) throws Exception {
    long sagas = Long.parseLong(arguments[0]);
    List<HikariDataSource> pools = new ArrayList<>();
    for (int at = 1; at < arguments.length; at += 3) {
      HikariDataSource pool = new HikariDataSource();
      pool.setJdbcUrl(arguments[at]);
      pool.setUsername(arguments[at + 1]);
      pool.setPassword(arguments[at + 2]);
      pool.setMaximumPoolSize(2 * CALLERS);
      pools.add(pool);
    }
    EngineShards shards = new EngineShards(pools);
    SagaEngine engine =
        EngineSagas.engine(
            SagaOptions.defaults(SagaDatabases.SCHEMA, NODE),
            shards,
            SagaObserver.NONE,
            Duration.ofMinutes(5),
            context -> stayForEver());
    engine.start();
    AtomicLong numbers = new AtomicLong();
    List<Callable<Long>> callers = new ArrayList<>();
    for (int caller = 0; caller < CALLERS; caller++) {
      callers.add(() -> start(engine, shards, numbers, sagas));
    }
    Threads.sum(callers);
    JdbcTemplate home = new JdbcTemplate(pools.get(0));
    while (!Long.valueOf(sagas).equals(home.queryForObject(FIRST_DONE, Long.class))) {
      Thread.sleep(20);
    }
    System.out.println("ready");
    stayForEver();
  }

  private static long start(
      SagaEngine engine, EngineShards shards, AtomicLong numbers, long sagas) {
    long started = 0;
    for (long number = numbers.incrementAndGet();
        number <= sagas;
        number = numbers.incrementAndGet()) {
      EngineSagas.Transfer command = EngineSagas.transfer(shards, number, 0, false);
      TransactionTarget target =
          shards.target(shards.slotOf("hash", command.home()), command.home());
      target
          .scope()
          .call(
              () ->
                  new TransactionTemplate(target.transactionManager())
                      .execute(status -> engine.start(command)));
      started++;
    }
    return started;
  }

  @SuppressWarnings("InfiniteLoopStatement") // until it is killed
  private static void stayForEver() {
    while (true) {
      LockSupport.park();
    }
  }
}
