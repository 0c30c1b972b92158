package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.SagaDefinition;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Looks at sagas, each time at their home shard, in a transaction of its own. */
final class SagaQueries {

  private final SagaEngine engine;
  private final KeyTable keys;
  private final InstanceTable instances;

  SagaQueries(SagaEngine engine) {
    this.engine = engine;
    this.keys = new KeyTable(engine.options().schema());
    this.instances = new InstanceTable(engine.options().schema());
  }

  Optional<SagaStatus> find(SagaRef ref) {
    SagaDefinition definition = engine.newest(ref.saga());
    int slot = engine.slotOf(definition.shardStrategy(), ref.shardKey());
    HomeShard home = engine.home(slot);
    return engine
        .onHome(home, "Finding " + ref, c -> keys.find(c, slot, ref.saga(), ref.key()))
        .filter(KeyTable.Key::isStarted)
        .flatMap(key -> status(key.sagaId()));
  }

  Optional<SagaStatus> status(UUID id) {
    HomeShard home = engine.homeOf(id);
    return engine.onHome(
        home,
        "Looking at saga " + id,
        c -> {
          Optional<InstanceTable.Row> row = instances.find(c, id);
          if (row.isEmpty()) {
            return Optional.<SagaStatus>empty();
          }
          InstanceTable.Row r = row.get();
          return Optional.of(
              new SagaStatus(
                  r.id(),
                  r.saga(),
                  r.sagaVersion(),
                  r.key(),
                  r.state(),
                  r.forwardOnly(),
                  SagaCodec.failure(r.failure()),
                  r.stuckReason(),
                  instances.owner(c, id),
                  r.createdAt(),
                  r.deadlineAt(),
                  r.endedAt()));
        });
  }

  List<SagaHistoryEntry> history(UUID id) {
    HomeShard home = engine.homeOf(id);
    InstanceTable.Row row =
        engine
            .onHome(home, "Reading the history of saga " + id, c -> instances.find(c, id))
            .orElseThrow(
                () ->
                    new UnknownSagaException(
                        "Saga %s is not there: it was never started, or was deleted after its retention"
                            .formatted(id)));
    return Progress.read(row.progress()).entries();
  }

  SagaCounts counts(String shard) {
    return engine.onHome(engine.home(shard), "Counting sagas", instances::counts);
  }
}
