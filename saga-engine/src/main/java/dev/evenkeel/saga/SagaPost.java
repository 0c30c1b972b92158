package dev.evenkeel.saga;

import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.definition.AwaitStep;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import dev.evenkeel.shard.id.SlotIds;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Stores what others want a saga to know, and has its owner look: the event and the count of its
 * news commit together, so that whoever sees the one sees the other.
 */
final class SagaPost {

  private static final int MAX_REASON = 1_000;

  private final SagaEngine engine;
  private final SagaCodec codec;
  private final KeyTable keys;
  private final InstanceTable instances;
  private final EventTable events;

  SagaPost(SagaEngine engine, SagaCodec codec) {
    this.engine = engine;
    this.codec = codec;
    String schema = engine.options().schema();
    this.keys = new KeyTable(schema);
    this.instances = new InstanceTable(schema);
    this.events = new EventTable(schema);
  }

  SignalResult signal(SagaRef ref, Object event) {
    SagaDefinition definition = engine.newest(ref.saga());
    String type = eventType(ref.saga(), event);
    byte[] payload = payload(ref.saga(), event);
    int slot = engine.slotOf(definition.shardStrategy(), ref.shardKey());
    return post(
        slot,
        ref.toString(),
        c -> {
          KeyTable.Key key =
              keys.touch(
                  c,
                  slot,
                  ref.saga(),
                  ref.key(),
                  SlotIds.next(slot),
                  engine.options().signalRetention(),
                  engine.home(slot).clock().ahead());
          if (key.isStarted()) {
            requireLiving(c, ref.toString(), key.sagaId());
          }
          store(c, key.sagaId(), EventTable.Kind.SIGNAL, type, payload);
        });
  }

  SignalResult signal(UUID id, Object event) {
    return post(
        slot(id),
        "saga " + id,
        c -> {
          InstanceTable.Row row = requireLiving(c, "Saga " + id, id);
          store(
              c,
              id,
              EventTable.Kind.SIGNAL,
              eventType(row.saga(), event),
              payload(row.saga(), event));
        });
  }

  SignalResult cancel(SagaRef ref, String reason) {
    SagaDefinition definition = engine.newest(ref.saga());
    int slot = engine.slotOf(definition.shardStrategy(), ref.shardKey());
    return post(
        slot,
        ref.toString(),
        c -> {
          KeyTable.Key key =
              keys.find(c, slot, ref.saga(), ref.key())
                  .filter(KeyTable.Key::isStarted)
                  .orElseThrow(() -> unknown(ref.toString()));
          cancel(c, ref.toString(), key.sagaId(), reason);
        });
  }

  SignalResult cancel(UUID id, String reason) {
    return post(slot(id), "saga " + id, c -> cancel(c, "Saga " + id, id, reason));
  }

  /** Stores it in the transaction of the connection. */
  void cancel(Connection c, String what, UUID id, String reason) throws SQLException {
    InstanceTable.Row row = requireLiving(c, what, id);
    if (row.state() != SagaState.RUNNING) {
      throw new SagaStateException("%s turns back already".formatted(what), row.state());
    }
    Optional<SagaDefinition> definition = engine.definitions().find(row.saga(), row.sagaVersion());
    boolean pastPivot =
        row.forwardOnly()
            || definition
                .map(SagaDefinition::pivot)
                .map(pivot -> Progress.read(row.progress()).isDone(new StepKey(pivot.name(), 0)))
                .orElse(false);
    if (pastPivot) {
      throw new SagaStateException(
          "%s has passed its pivot and can only go forward".formatted(what), row.state());
    }
    byte[] text = StorableText.of(reason, MAX_REASON).getBytes(StandardCharsets.UTF_8);
    store(c, id, EventTable.Kind.CANCEL, "", text);
  }

  private void store(Connection c, UUID id, EventTable.Kind kind, String type, byte[] payload)
      throws SQLException {
    events.insert(c, id, kind, type, payload);
    instances.bump(c, id);
  }

  private InstanceTable.Row requireLiving(Connection c, String what, UUID id) throws SQLException {
    InstanceTable.Row row = instances.find(c, id).orElseThrow(() -> unknown(what));
    if (row.state().isEnded()) {
      throw new SagaStateException("%s has ended: %s".formatted(what, row.state()), row.state());
    }
    return row;
  }

  private static UnknownSagaException unknown(String what) {
    return new UnknownSagaException(
        what + " is not there: it was never started, or was deleted after its retention");
  }

  private String eventType(String saga, Object event) {
    for (SagaDefinition definition : engine.definitions().all()) {
      if (definition.name().equals(saga)) {
        for (StepDefinition step : definition.steps()) {
          if (step instanceof AwaitStep await && await.resultType() == event.getClass()) {
            return await.eventType();
          }
        }
      }
    }
    throw new UnknownSagaException(
        "Saga \"%s\" has no step that awaits a %s".formatted(saga, event.getClass().getName()));
  }

  private byte[] payload(String saga, Object event) {
    byte[] payload = codec.encode(event, "An event for saga " + saga);
    if (payload == null) {
      throw new SagaPayloadException("An event for saga \"%s\" is null".formatted(saga));
    }
    return payload;
  }

  private int slot(UUID id) {
    engine.homeOf(id); // refuses what is no saga's id
    return SlotIds.slotOf(id);
  }

  private interface Work {
    void on(Connection connection) throws SQLException;
  }

  /**
   * In the caller's transaction where there is one, which then has to be of the home slot, and
   * which a refusal leaves as it was; else in one of its own.
   */
  private SignalResult post(int slot, String what, Work work) {
    HomeShard home = engine.home(slot);
    TransactionTarget target = engine.shards().target(slot, what);
    return target
        .scope()
        .call(
            () -> {
              if (TransactionSynchronizationManager.isActualTransactionActive()) {
                return store(home, target, what, work);
              }
              return new TransactionTemplate(target.transactionManager())
                  .execute(status -> store(home, target, what, work));
            });
  }

  private static SignalResult store(
      HomeShard home, TransactionTarget target, String what, Work work) {
    CallersTransaction.on(
        target,
        "Storing an event for " + what,
        c -> {
          work.on(c);
          return what;
        });
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            home.hint();
          }
        });
    return SignalResult.STORED;
  }
}
