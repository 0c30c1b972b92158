package dev.evenkeel.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.saga.SagaEngine;
import dev.evenkeel.saga.SagaOptions;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.saga.spi.SagaObserver;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sagas whose process is killed in their midst, until another process has completed all of them.
 *
 * @param firstStepMillis from the kill to the first step that the other process takes up; the lease
 *     has to end before
 * @param allMillis from the kill to the end of the last saga
 */
record SagaRecovery(double firstStepMillis, double allMillis) {

  static final int SAGAS = 10_000;

  private static final int CONNECTIONS = 32;
  private static final Duration LONGEST = Duration.ofMinutes(3);

  /** Kills the owner of {@link #SAGAS} sagas; another engine runs already. */
  static SagaRecovery measure(SagaDatabases databases, int concurrency) throws Exception {
    List<HikariDataSource> pools = databases.openPools(CONNECTIONS);
    Witness witness = new Witness();
    SagaOptions defaults = SagaOptions.defaults(SagaDatabases.SCHEMA, "rescuer");
    SagaEngine engine =
        EngineSagas.engine(
            EngineSagas.withConcurrency(defaults, concurrency),
            new EngineShards(pools),
            witness,
            EngineSagas.TIMEOUT,
            context -> {});
    engine.start();
    try {
      ChildJvm owner = startOwner(databases);
      long killedAt;
      try {
        owner.await("ready");
      } finally {
        killedAt = System.nanoTime();
        owner.kill();
      }
      if (!witness.allEnded.await(LONGEST.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException(
            "Only %d of %d sagas have ended %s after their owner was killed"
                .formatted(SAGAS - witness.allEnded.getCount(), SAGAS, LONGEST));
      }
      long end = System.nanoTime();
      return new SagaRecovery(
          millis(witness.firstAttempt.get() - killedAt), millis(end - killedAt));
    } finally {
      engine.stop();
    }
  }

  private static ChildJvm startOwner(SagaDatabases databases) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(String.valueOf(SAGAS)));
    for (DatabaseInfo info : databases.infos()) {
      arguments.addAll(List.of(info.jdbcUrl(), info.username(), info.password()));
    }
    return ChildJvm.start(List.of("-Xmx1g"), OrphanMain.class, arguments);
  }

  private static double millis(long nanos) {
    return nanos / (double) TimeUnit.MILLISECONDS.toNanos(1);
  }

  /** Sees what the other engine does. */
  private static final class Witness implements SagaObserver {

    private final CountDownLatch allEnded = new CountDownLatch(SAGAS);
    private final AtomicLong firstAttempt = new AtomicLong();

    @Override
    public Attempt attempt(
        String saga,
        UUID sagaId,
        String step,
        boolean compensation,
        int attempt,
        Map<String, String> headers) {
      firstAttempt.compareAndSet(0, System.nanoTime());
      return Attempt.UNWATCHED;
    }

    @Override
    public void ended(String saga, UUID sagaId, SagaState state, Duration sinceStart) {
      allEnded.countDown();
    }
  }
}
