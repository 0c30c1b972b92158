package dev.evenkeel.saga;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.outbox.spi.TransactionSlot;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.shard.id.SlotIds;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;
import org.springframework.core.Ordered;
import org.springframework.jdbc.datasource.ConnectionHolder;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Starts sagas in the caller's transaction. The instance is in memory from before the commit on,
 * and works from after it on: so whoever compares what is owned with what is in memory finds
 * nothing that is just being born.
 */
final class SagaStarter {

  private final SagaEngine engine;
  private final SagaCodec codec;
  private final KeyTable keys;

  SagaStarter(SagaEngine engine, SagaCodec codec) {
    this.engine = engine;
    this.codec = codec;
    this.keys = new KeyTable(engine.options().schema());
  }

  StartedSaga start(SagaDefinition definition, Object command) {
    if (!definition.commandType().isInstance(command)) {
      throw new SagaException(
          "Saga %s is started by a %s, not by a %s"
              .formatted(
                  definition, definition.commandType().getName(), command.getClass().getName()));
    }
    String key = text(definition, "key", definition.key(command));
    String shardKey = text(definition, "shard key", definition.shardKey(command));
    int slot = engine.slotOf(definition.shardStrategy(), shardKey);
    HomeShard home = engine.home(slot);
    TransactionTarget target = engine.shards().target(slot, shardKey);
    String what = "Saga %s \"%s\"".formatted(definition.name(), key);
    requireTransaction(what, slot, home, target);
    byte[] payload = codec.encode(command, "The command of saga " + definition.name());
    if (payload == null) {
      throw new SagaException(what + " has no command");
    }
    Map<String, String> headers = new HashMap<>();
    for (HeaderSource source : engine.context().headers()) {
      source.headers().forEach(headers::putIfAbsent);
    }
    // As every later owner reads it: not the caller's object, which may change.
    Object stored = codec.payloads().decode(payload, definition.commandType());
    byte[] hash = sha256(payload);
    boolean own = engine.canOwn(home);
    Set<String> local = engine.localParticipants(definition);
    KeyTable.Started started =
        CallersTransaction.on(
            target,
            what,
            c ->
                home.definitions()
                    .start(
                        c,
                        definition,
                        keys,
                        new KeyTable.Start(
                            slot,
                            definition.name(),
                            definition.version(),
                            key,
                            SlotIds.next(slot),
                            hash,
                            payload,
                            HeadersJson.write(headers),
                            local,
                            definition.deadline(),
                            own ? home.node() : null)));
    Instant createdAt = started.createdAt();
    if (createdAt != null) {
      boolean mine = own && started.isFirst();
      SagaRun run =
          mine ? run(home, definition, stored, slot, started, createdAt, headers, local) : null;
      TransactionSynchronizationManager.registerSynchronization(
          new Birth(home, target, definition.name(), run));
    }
    return new StartedSaga(
        started.id(), started.isNew(), Arrays.equals(hash, started.requestHash()));
  }

  private SagaRun run(
      HomeShard home,
      SagaDefinition definition,
      Object command,
      int slot,
      KeyTable.Started started,
      Instant createdAt,
      Map<String, String> headers,
      Set<String> local) {
    InstanceState state =
        new InstanceState(
            definition,
            started.id(),
            command,
            createdAt,
            started.deadlineAt(),
            SagaState.RUNNING,
            false,
            null,
            local,
            Map.of(),
            List.of());
    return new SagaRun(
        home,
        engine.coordinator(),
        state,
        slot,
        1,
        0,
        0,
        engine.headers(started.id(), headers),
        new Progress(),
        null,
        null);
  }

  private static String text(SagaDefinition definition, String what, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw new SagaException(
          "The command of saga %s has a %s that is %s"
              .formatted(definition, what, value == null ? "null" : "blank"));
    }
    return value;
  }

  private void requireTransaction(String what, int slot, HomeShard home, TransactionTarget target) {
    if (!TransactionSynchronizationManager.isSynchronizationActive()
        || !TransactionSynchronizationManager.isActualTransactionActive()) {
      throw new SagaException(
          "%s was started outside a transaction; start it in the one that changes the state, on its home shard \"%s\""
              .formatted(what, home.name()));
    }
    if (TransactionSynchronizationManager.isCurrentTransactionReadOnly()) {
      throw new SagaException(what + " was started in a read-only transaction");
    }
    Integer current = engine.context().slot().slot();
    if (current == null ? engine.context().slot() != TransactionSlot.NONE : current != slot) {
      throw new SagaException(
          "%s was started in a transaction of %s, and its home is slot %d on shard \"%s\"; start it in a transaction of its shard key"
              .formatted(
                  what,
                  current == null
                      ? "no slot"
                      : "slot %d on shard \"%s\""
                          .formatted(current, engine.shards().shardOf(current)),
                  slot,
                  home.name()));
    }
    if (!(TransactionSynchronizationManager.getResource(target.transactional())
        instanceof ConnectionHolder)) {
      throw new SagaException(
          "%s was started in a transaction on another data source than that of its home shard \"%s\", so the two would not commit together"
              .formatted(what, home.name()));
    }
  }

  static byte[] sha256(byte[] payload) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(payload);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256", e);
    }
  }

  /** One start in one transaction, until it ends. Confined to the transaction's thread. */
  private static final class Birth implements TransactionSynchronization, Ordered {

    private final HomeShard home;
    private final TransactionTarget target;
    private final String saga;
    private final @Nullable SagaRun run;
    private final Deque<Object> savepoints = new ArrayDeque<>();
    private boolean undone;

    Birth(HomeShard home, TransactionTarget target, String saga, @Nullable SagaRun run) {
      this.home = home;
      this.target = target;
      this.saga = saga;
      this.run = run;
      if (run != null) {
        home.add(run);
      }
    }

    @Override
    public int getOrder() {
      return Ordered.LOWEST_PRECEDENCE;
    }

    @Override
    public void savepoint(Object savepoint) {
      savepoints.push(savepoint);
    }

    /** Back to a savepoint from before the start: it has not happened, whatever commits. */
    @Override
    public void savepointRollback(Object savepoint) {
      if (!savepoints.contains(savepoint)) {
        undone = true;
        return;
      }
      while (!savepoint.equals(savepoints.peek())) {
        savepoints.pop();
      }
    }

    /** The driver may report the rollback of an aborted transaction as a commit. */
    @Override
    public void beforeCommit(boolean readOnly) {
      CallersTransaction.on(
          target,
          "Starting a saga",
          c -> {
            if (c.unwrap(BaseConnection.class).getTransactionState() == TransactionState.FAILED) {
              throw new SagaException(
                  "A saga was started in a transaction that went on after a database error; it can only roll back");
            }
            return c;
          });
    }

    @Override
    public void afterCompletion(int status) {
      if (status != STATUS_COMMITTED || undone) {
        if (run != null) {
          home.letGo(run); // after a commit without an answer it is found in the database
        }
        return;
      }
      home.engine().observer().started(saga);
      if (run != null) {
        run.take(new SagaNews.Look());
      } else {
        home.hint();
      }
    }
  }
}
