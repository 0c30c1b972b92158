package dev.evenkeel.saga;

import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.saga.LockTable.Waiter;
import dev.evenkeel.saga.spi.SagaShards;
import dev.evenkeel.shard.id.SlotIds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what becomes of a step that has met another saga's lock, after its transaction was rolled
 * back: every home shard is asked in a transaction of its own.
 *
 * <p>Sagas that wait for each other find it out by themselves: each follows those it waits for, as
 * their instances tell, and when that leads back to it and it is the youngest on the way, it says
 * no. The youngest of all that are entangled is the youngest of its own circle, so one always does.
 * A child saga whose parent is on the way says no in any case, because only it can see that the
 * parent waits for it. What is told may be out of date by a moment: that costs a refusal that was
 * not needed, and nothing else.
 */
final class LockWaits {

  private static final Logger log = LoggerFactory.getLogger(LockWaits.class);

  private static final int MAX_HOPS = 16;
  private static final int MAX_SAGAS = 256;

  private static final Comparator<Waiter> AGE =
      Comparator.comparing(Waiter::createdAt).thenComparing(w -> w.id().toString());

  /** What to do. */
  enum Verdict {
    /** The lock can be taken over. */
    TAKE_OVER,
    WAIT,
    REFUSE
  }

  /** A verdict and, where it is no, why. */
  record Judgement(Verdict verdict, SagaLockedException why) {}

  private final SagaShards shards;
  private final LockTable table;

  LockWaits(SagaShards shards, LockTable table) {
    this.shards = shards;
    this.table = table;
  }

  Judgement judge(StepTask task, LockingStep.Met met) {
    UUID holder = met.held().sagaId();
    if (met.held().isExpired() && hasEndedForGood(holder)) {
      return new Judgement(Verdict.TAKE_OVER, met.exception());
    }
    if (met.mode() == LockMode.FAIL) {
      return new Judgement(Verdict.REFUSE, met.exception());
    }
    Instant since = task.run().waitsFor(task.effect().key(), holder);
    if (!task.run().now().isBefore(since.plus(met.maxWait()))) {
      return refusal(met, ", for which it has waited for " + met.maxWait());
    }
    if (hasToGiveWay(task.instance().id(), holder)) {
      return refusal(met, ", which waits for this one, directly or through others");
    }
    return new Judgement(Verdict.WAIT, met.exception());
  }

  private static Judgement refusal(LockingStep.Met met, String why) {
    LockTable.Held held = met.held();
    return new Judgement(
        Verdict.REFUSE, new SagaLockedException(held.name(), held.key(), held.sagaId(), why));
  }

  // ---- who has ended

  /**
   * Whether a saga can't come back: a child that has completed is turned back by its parent for as
   * long as that exists. One that is not found is another installation's, for all that is known
   * here.
   */
  private boolean hasEndedForGood(UUID saga) {
    Map<UUID, Waiter> found = new HashMap<>();
    if (!read(Set.of(saga), found)) {
      return false;
    }
    Waiter holder = found.get(saga);
    if (holder == null || !holder.isEnded()) {
      return false;
    }
    UUID parent = holder.parentId();
    return parent == null || (read(Set.of(parent), found) && !found.containsKey(parent));
  }

  // ---- who waits for whom

  private boolean hasToGiveWay(UUID self, UUID holder) {
    Map<UUID, Waiter> known = new HashMap<>();
    read(Set.of(self, holder), known);
    Waiter own = known.get(self);
    if (own == null) {
      return false;
    }
    Set<UUID> ancestors = ancestors(own);
    Map<UUID, @Nullable UUID> cameFrom = new HashMap<>();
    cameFrom.put(holder, null);
    Set<UUID> reached = Set.of(holder);
    for (int hop = 0; hop < MAX_HOPS && !reached.isEmpty(); hop++) {
      Set<UUID> next = new LinkedHashSet<>();
      for (UUID id : reached) {
        if (ancestors.contains(id)) {
          return true;
        }
        Waiter waiter = known.get(id);
        if (waiter == null || waiter.isEnded()) {
          continue;
        }
        if (waiter.waitsFor().contains(self) && isYoungest(own, id, cameFrom, known)) {
          return true;
        }
        for (UUID to : waiter.waitsFor()) {
          if (!to.equals(self) && cameFrom.size() < MAX_SAGAS && !cameFrom.containsKey(to)) {
            cameFrom.put(to, id);
            next.add(to);
          }
        }
      }
      read(next, known);
      reached = next;
    }
    return false;
  }

  private static boolean isYoungest(
      Waiter own, UUID last, Map<UUID, @Nullable UUID> cameFrom, Map<UUID, Waiter> known) {
    List<Waiter> circle = new ArrayList<>();
    for (UUID id = last; id != null; id = cameFrom.get(id)) {
      circle.add(Objects.requireNonNull(known.get(id)));
    }
    return circle.stream().allMatch(other -> AGE.compare(other, own) < 0);
  }

  private Set<UUID> ancestors(Waiter own) {
    Set<UUID> ancestors = new HashSet<>();
    UUID parent = own.parentId();
    while (parent != null && ancestors.size() < MAX_HOPS && ancestors.add(parent)) {
      Map<UUID, Waiter> found = new HashMap<>();
      read(Set.of(parent), found);
      Waiter waiter = found.get(parent);
      parent = waiter == null ? null : waiter.parentId();
    }
    return ancestors;
  }

  /** Adds what their homes tell; whether all of them could be asked. */
  private boolean read(Set<UUID> sagas, Map<UUID, Waiter> found) {
    Map<String, List<UUID>> byShard = new HashMap<>();
    boolean complete = true;
    for (UUID saga : sagas) {
      try {
        byShard
            .computeIfAbsent(shards.shardOf(SlotIds.slotOf(saga)), s -> new ArrayList<>())
            .add(saga);
      } catch (RuntimeException e) { // another installation's id, or the slot is moving
        log.debug("The home of saga {} is not known", saga, e);
        complete = false;
      }
    }
    for (Map.Entry<String, List<UUID>> entry : byShard.entrySet()) {
      complete &= read(entry.getKey(), entry.getValue(), found);
    }
    return complete;
  }

  private boolean read(String shard, List<UUID> sagas, Map<UUID, Waiter> found) {
    if (!shards.isUp(shard)) {
      return false;
    }
    try {
      ProtocolTransaction.byIndex(
              shards.dataSource(shard), "Asking who waits", c -> table.waiters(c, sagas))
          .forEach(waiter -> found.put(waiter.id(), waiter));
      return true;
    } catch (RuntimeException e) { // the step is tried again, and asks again
      log.debug("Shard {} can't be asked who waits", shard, e);
      return false;
    }
  }
}
