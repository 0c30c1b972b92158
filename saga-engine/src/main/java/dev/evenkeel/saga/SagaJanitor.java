package dev.evenkeel.saga;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.shard.id.SlotIds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes ended sagas after their retention, in batches: the steps on every shard first, the
 * instance last, its key later as a tombstone. A crash in between leaves an instance whose steps
 * are deleted again.
 *
 * <p>Ended instances are found by a walk along the primary key, whose ids are in order of time: no
 * index has to be kept for them, which would cost every saga. One that lives for long is stepped
 * over and looked at again when the walk starts anew.
 */
final class SagaJanitor {

  private static final Logger log = LoggerFactory.getLogger(SagaJanitor.class);

  static final Duration EVERY = Duration.ofSeconds(10);

  private static final int BATCH = 500;
  private static final int MAX_BATCHES = 20;

  private final SagaEngine engine;
  private final JanitorTable table;
  private final StepTable steps;
  private final LockTable locks;
  private final InstanceTable instances;
  private final CallTable calls;
  private final Map<String, @Nullable UUID> positions = new HashMap<>();

  SagaJanitor(SagaEngine engine) {
    this.engine = engine;
    this.table = new JanitorTable(engine.options().schema());
    this.steps = new StepTable(engine.options().schema());
    this.locks = new LockTable(engine.options().schema());
    this.instances = new InstanceTable(engine.options().schema());
    this.calls = new CallTable(engine.options().schema());
  }

  /** One round over all home shards; never throws. */
  void sweep() {
    for (HomeShard home : engine.homes().values()) {
      try {
        if (engine.shards().isUp(home.name())) {
          sweep(home);
        }
      } catch (RuntimeException | Error e) { // a periodic task that throws never runs again
        log.warn("Ended sagas of {} can't be deleted now: {}", home, e.toString());
      }
    }
  }

  private void sweep(HomeShard home) {
    for (int batch = 0; batch < MAX_BATCHES; batch++) {
      JanitorTable.Page page =
          engine.onHome(
              home,
              "Looking for ended sagas",
              c ->
                  table.ended(
                      c,
                      positions.get(home.name()),
                      engine.options().retention(),
                      home.clock().ahead(),
                      BATCH));
      delete(home, withoutParents(page.ended()));
      positions.put(home.name(), page.last());
      if (page.last() == null) {
        break; // the end of the walk, or instances too young from here on
      }
    }
    expire(home);
  }

  /**
   * A child can be told to turn back for as long as its parent is there, which was there before it:
   * once it is gone, it is gone for good. A parent's home that does not answer keeps all of them.
   */
  private List<UUID> withoutParents(List<JanitorTable.Ended> ended) {
    Map<HomeShard, List<UUID>> parents =
        ended.stream()
            .map(JanitorTable.Ended::parent)
            .filter(Objects::nonNull)
            .collect(Collectors.groupingBy(engine::homeOf));
    Set<UUID> present = new HashSet<>();
    parents.forEach(
        (home, ids) ->
            present.addAll(
                engine.onHome(home, "Looking for parents", c -> instances.present(c, ids))));
    return ended.stream()
        .filter(e -> e.parent() == null || !present.contains(e.parent()))
        .map(JanitorTable.Ended::id)
        .toList();
  }

  private void delete(HomeShard home, List<UUID> ended) {
    if (ended.isEmpty()) {
      return;
    }
    for (String shard : engine.shards().names()) {
      ProtocolTransaction.inTransaction(
          engine.shards().dataSource(shard),
          "Deleting the steps of ended sagas",
          c -> {
            steps.delete(c, ended);
            locks.delete(c, ended);
            return shard;
          });
    }
    engine.onHome(
        home,
        "Deleting ended sagas",
        c -> {
          List<OutboxMessage> forget = forget(home, calls.read(c, ended));
          table.delete(c, ended, engine.options().keyRetention(), home.clock().ahead());
          if (!forget.isEmpty()) {
            engine.outbox().append(c, forget);
          }
          return ended;
        });
  }

  /** Participants elsewhere are told in the transaction that deletes, so each is told once. */
  private List<OutboxMessage> forget(HomeShard home, List<CallTable.Row> calls) {
    return calls.stream()
        .map(
            call ->
                SagaMessages.command(
                    call.order(),
                    new SagaMessages.Asked(
                        call.sagaId(),
                        call.key(),
                        SagaVerb.FORGET,
                        call.sendings() + 1,
                        home.clock().notAfter(),
                        call.order().type(),
                        true,
                        engine.options().service()),
                    SlotIds.slotOf(call.sagaId()),
                    engine.headers(call.sagaId(), Map.of())))
        .toList();
  }

  private void expire(HomeShard home) {
    List<JanitorTable.Expired> expired = new ArrayList<>();
    for (int batch = 0; batch < MAX_BATCHES; batch++) {
      List<JanitorTable.Expired> found =
          engine.onHome(
              home, "Deleting keys", c -> table.expireKeys(c, home.clock().ahead(), BATCH));
      expired.addAll(found);
      if (found.size() < BATCH) {
        break;
      }
    }
    for (JanitorTable.Expired key : expired) {
      if (!key.wasStarted()) {
        log.warn(
            "Saga {} \"{}\" was signalled and not started within {}; its signals are gone",
            key.saga(),
            key.key(),
            engine.options().signalRetention());
        engine.observer().signalExpired(key.saga());
      }
    }
  }
}
