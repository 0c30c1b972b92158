package dev.evenkeel.saga;

import static org.awaitility.Awaitility.await;

import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.SlotHash;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.shard.SlotStrategy;
import dev.evenkeel.shard.id.SlotIds;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Carries what is in the outboxes of some worlds to the handlers of each, when it is told to: in
 * order, out of order, twice, late or never. Used by one thread.
 */
final class Post {

  /** Where letters come from and go to. */
  private record Office(
      SagaWorld world, int shards, SagaShards places, List<DirectHandler> handlers) {}

  private final List<Office> offices = new ArrayList<>();
  private final Map<String, Long> read = new HashMap<>();
  private final List<OutboxMessage> waiting = new ArrayList<>();
  private final List<OutboxMessage> delivered = new ArrayList<>();
  private Predicate<OutboxMessage> held = message -> false;

  Post add(SagaWorld world, int shards, List<DirectHandler> handlers) {
    return add(world, shards, world.sagaShards(), handlers);
  }

  /** With handlers whose transactions are on the databases as a node sees them. */
  Post add(SagaWorld world, int shards, SagaShards places, List<DirectHandler> handlers) {
    offices.add(new Office(world, shards, places, handlers));
    return this;
  }

  /** What is held is delivered once it is not held any more. */
  void hold(Predicate<OutboxMessage> which) {
    held = which;
  }

  static Predicate<OutboxMessage> asks(SagaVerb verb) {
    return message -> verb.name().equals(message.headers().get(SagaMessages.VERB));
  }

  static Predicate<OutboxMessage> answers() {
    return message -> message.type().startsWith(SagaMessages.REPLY_PREFIX);
  }

  /** Everything delivered so far, oldest first. */
  List<OutboxMessage> delivered() {
    return List.copyOf(delivered);
  }

  List<OutboxMessage> waiting() {
    collect();
    return List.copyOf(waiting);
  }

  /** Delivers what is there and not held. */
  void deliver() {
    collect();
    for (OutboxMessage message : List.copyOf(waiting)) {
      if (!held.test(message)) {
        waiting.remove(message);
        deliver(message);
        delivered.add(message);
      }
    }
  }

  void deliverUntil(java.util.concurrent.Callable<Boolean> condition) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              deliver();
              return condition.call();
            });
  }

  void deliverUntil(SagaEngine engine, UUID saga, SagaState state) {
    deliverUntil(() -> engine.status(saga).orElseThrow().state() == state);
  }

  /** Delivers a message, whether it was delivered before or not. */
  void deliver(OutboxMessage message) {
    for (Office office : offices) {
      for (DirectHandler handler : office.handlers()) {
        if (handler.type().equals(message.type())) {
          deliver(office, handler, message);
        }
      }
    }
  }

  private static void deliver(Office office, DirectHandler handler, OutboxMessage message) {
    TransactionTarget target =
        office.places().target(slot(office, handler.shardKey(message), message), "");
    target
        .scope()
        .call(
            () -> {
              try {
                handler.handle(message, target, connection -> {});
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
              return message;
            });
  }

  private static int slot(Office office, ShardKey key, OutboxMessage message) {
    if (key == null) {
      Integer slot = message.slot();
      return slot == null ? SlotHash.slotOf(message.aggregateId()) : slot;
    }
    return key.strategy().equals(SlotStrategy.CARRIED)
        ? SlotIds.slotOf(UUID.fromString(key.text()))
        : office.world().slotOf(key.text());
  }

  private void collect() {
    for (int i = 0; i < offices.size(); i++) {
      Office office = offices.get(i);
      for (int shard = 0; shard < office.shards(); shard++) {
        String place = i + "/" + shard;
        office
            .world()
            .jdbc(shard)
            .query(
                "SELECT position, id, aggregatetype, aggregateid, type, version, headers, payload,"
                    + " created_at FROM evenkeel.outbox WHERE position > ? ORDER BY position",
                row -> {
                  read.put(place, row.getLong(1));
                  waiting.add(
                      new OutboxMessage(
                          row.getObject(2, UUID.class),
                          row.getString(3),
                          row.getString(4),
                          row.getString(5),
                          row.getInt(6),
                          row.getBytes(8),
                          HeadersJson.read(row.getString(7)),
                          row.getTimestamp(9).toInstant()));
                },
                read.getOrDefault(place, 0L));
      }
    }
  }
}
