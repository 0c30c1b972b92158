package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Parks and releases, in the installation's database. For relays and transports; operators use
 * {@link ParkedMessages}.
 *
 * <p>Invariant: while a key's row exists, every later message of that key for that consumer is
 * inserted behind the parked ones or not dispatched at all; the row goes in the transaction that
 * ends the last of them. Both take the row's lock, so neither can overtake the other. A parked key
 * has exactly one head, RETRYING or DEAD; an index sees to it that it has no second. Dead letters
 * that were set aside belong to no parked key until they are retried. Whatever a leader or a
 * partition's owner does here checks its {@link Fence} under a lock that a takeover has to wait
 * for: a fenced-out one parks and releases nothing. Only the key's source releases it. Each method
 * is a transaction of its own. Thread-safe.
 */
public final class ParkedStore implements ParkedMessages {

  /** A key's row can vanish between two statements; each turn means that a release just ended. */
  private static final int MAX_LOCK_TURNS = 100;

  private static final String RELAY = "relay";

  private final DataSource dataSource;
  private final MessageObserver observer;
  private final TimeSource time;
  private final ClaimCheck claims;
  private final ParkedTable table;
  private final DeadLetters deadLetters;

  /** What became of an attempt to park. */
  public enum ParkOutcome {
    /** A row holds the message now, or did before. */
    PARKED,
    /** For {@link #queueBehind}: the key is no longer parked; dispatch the message. */
    KEY_FREE,
    /** Another term of the source has begun. */
    FENCED
  }

  /**
   * A parked key.
   *
   * @param source where its messages come from, as {@link Fence#source()}
   */
  public record Key(String source, String consumer, OrderKey key) {}

  /** Makes the store of an installation whose messages carry their payloads. */
  public ParkedStore(
      DataSource dataSource, String schema, MessageObserver observer, TimeSource time) {
    this(dataSource, schema, observer, time, PayloadStore.NONE);
  }

  /**
   * Makes the store of an installation.
   *
   * @param payloads where messages with a claim have their payload
   */
  public ParkedStore(
      DataSource dataSource,
      String schema,
      MessageObserver observer,
      TimeSource time,
      PayloadStore payloads) {
    this.dataSource = dataSource;
    this.observer = observer;
    this.time = time;
    this.claims = new ClaimCheck(payloads);
    this.table = new ParkedTable(schema);
    this.deadLetters = new DeadLetters(this, table, new DeadLetterTable(schema), time);
  }

  /**
   * Parks a message with its key. Where the key is parked already, the message queues behind. What
   * is parked for a consumer holds its payload itself; it keeps a claim only when the payload store
   * does not know that. What waits for a broker keeps its claim.
   *
   * @param dueIn when the first release is due; null makes it a dead letter
   * @throws RuntimeException if the database or the payload store is away; nothing is parked then
   */
  public ParkOutcome park(
      Fence fence,
      String consumer,
      OutboxMessage message,
      ParkReason reason,
      @Nullable String error,
      @Nullable Duration dueIn) {
    return park(fence, consumer, message, reason, error, dueIn, false);
  }

  /**
   * Makes a message a dead letter that does not hold its key, see {@link DeadLetterPolicy#SKIP}.
   * Where the key is parked already, the message queues behind and is tried in its turn.
   */
  public ParkOutcome parkAside(
      Fence fence,
      String consumer,
      OutboxMessage message,
      ParkReason reason,
      @Nullable String error) {
    return park(fence, consumer, message, reason, error, null, true);
  }

  private ParkOutcome park(
      Fence fence,
      String consumer,
      OutboxMessage message,
      ParkReason reason,
      @Nullable String error,
      @Nullable Duration dueIn,
      boolean aside) {
    OutboxMessage redeemed = redeemed(fence, message);
    ParkOutcome outcome =
        inTransaction(
            "Parking " + message,
            c -> {
              if (!table.holds(c, fence)) {
                return ParkOutcome.FENCED;
              }
              insert(c, fence, consumer, redeemed, reason, error, dueIn, aside);
              return ParkOutcome.PARKED;
            });
    if (outcome == ParkOutcome.PARKED) {
      observer.parked(consumer, reason.name());
    }
    return outcome;
  }

  /**
   * With its payload, because it may wait for longer than the payload store remembers. Not what
   * waits for a broker: with its payload the broker would have to refuse it. Outside the
   * transaction, which would hold one connection and wait for another.
   */
  private OutboxMessage redeemed(Fence fence, OutboxMessage message) {
    return fence.source().equals(Fence.TRANSPORT) ? message : claims.redeem(message);
  }

  private void insert(
      Connection c,
      Fence fence,
      String consumer,
      OutboxMessage message,
      ParkReason reason,
      @Nullable String error,
      @Nullable Duration dueIn,
      boolean aside)
      throws SQLException {
    boolean keyIsNew = insertOrLockKey(c, fence.source(), consumer, message.orderKey(), dueIn);
    ParkedState state =
        keyIsNew ? (dueIn == null ? ParkedState.DEAD : ParkedState.RETRYING) : ParkedState.QUEUED;
    boolean inserted =
        table.insertMessage(
            c,
            fence.source(),
            parked(consumer, message, state, reason, error, aside && keyIsNew),
            time.offset());
    if (inserted && state == ParkedState.DEAD) {
      observer.dead(consumer, reason.name());
    }
    if (keyIsNew && (!inserted || aside)) {
      table.deleteKey(c, consumer, message.orderKey()); // it ended before; nothing waits here
    }
  }

  private static ParkedMessage parked(
      String consumer,
      OutboxMessage message,
      ParkedState state,
      ParkReason reason,
      @Nullable String error,
      boolean aside) {
    return new ParkedMessage(
        consumer, message, state, reason, error, 0, message.createdAt(), aside, 0);
  }

  /** True when the key was not parked; its row is locked in either case. */
  boolean insertOrLockKey(
      Connection c, String source, String consumer, OrderKey key, @Nullable Duration dueIn)
      throws SQLException {
    for (int turn = 0; turn < MAX_LOCK_TURNS; turn++) {
      if (table.insertKey(c, source, consumer, key, dueIn, time.offset())) {
        return true;
      }
      if (table.lockKey(c, consumer, key)) {
        return false;
      }
    }
    throw new SQLException(
        "parked key %s of %s changes too fast".formatted(key, consumer), "55P03");
  }

  /**
   * Parks a message behind its key's parked ones, if the key is still parked; with its payload, as
   * {@link #park}.
   *
   * @throws RuntimeException if the database or the payload store is away; nothing is parked then
   */
  public ParkOutcome queueBehind(Fence fence, String consumer, OutboxMessage message) {
    OutboxMessage redeemed = redeemed(fence, message);
    return inTransaction(
        "Parking " + message,
        c -> {
          if (!table.holds(c, fence)) {
            return ParkOutcome.FENCED;
          }
          if (!table.lockKey(c, consumer, message.orderKey())) {
            return ParkOutcome.KEY_FREE;
          }
          table.insertMessage(
              c,
              fence.source(),
              parked(consumer, redeemed, ParkedState.QUEUED, ParkReason.BEHIND, null, false),
              time.offset());
          return ParkOutcome.PARKED;
        });
  }

  /**
   * Keys whose head is due, the longest due first.
   *
   * @param sources whose keys
   * @param limit at most so many
   */
  public List<Key> due(Collection<String> sources, int limit) {
    return inTransaction(
        "Looking for parked keys", c -> table.dueKeys(c, sources, limit, time.offset()));
  }

  /** The head of a key, when it is waiting to be released; empty when it is dead or gone. */
  public Optional<ParkedMessage> head(Key key) {
    return heads(key, 1, 0).stream().findFirst();
  }

  /**
   * The head of a key, when it is waiting to be released, and what follows it in order: they may be
   * released one after the other and ended together. Empty when the head is dead or gone.
   *
   * @param limit at most so many, from 1
   * @param bytes of payload behind the head, about at most
   */
  public List<ParkedMessage> heads(Key key, int limit, long bytes) {
    return inTransaction(
        "Reading a parked key",
        c -> {
          ParkedMessage head = table.head(c, key.consumer(), key.key());
          if (head == null || head.state() == ParkedState.DEAD) {
            return List.of();
          }
          List<ParkedMessage> heads = new ArrayList<>(List.of(head));
          if (limit > 1) {
            heads.addAll(table.queued(c, key.consumer(), key.key(), limit - 1, bytes));
          }
          return heads;
        });
  }

  /**
   * Parked keys of a source, in an order of their own.
   *
   * @param after the last one known, null for the first
   * @param limit at most so many
   */
  public List<Key> keys(
      String source, Collection<String> consumers, @Nullable Key after, int limit) {
    return inTransaction(
        "Reading parked keys", c -> table.keys(c, source, consumers, after, limit));
  }

  /**
   * Takes a key over from another source, whose messages of that key come from here from now on.
   *
   * @return false if the fence no longer holds, or the key is no longer parked under that source
   */
  public boolean adopt(Fence fence, Key key) {
    return inTransaction(
        "Adopting a parked key", c -> table.holds(c, fence) && table.adopt(c, fence, key));
  }

  /**
   * Begins the next term of a partition's owner; whoever owned it before parks and releases nothing
   * more under it.
   *
   * @param source {@code GROUP/TOPIC/PARTITION}
   * @param owner name of this process, for operators
   */
  public Fence claim(String source, String owner) {
    if (new Fence(source, 0).ofRelay()) {
      throw new IllegalArgumentException(
          "The epoch of \"%s\" is given by the relay's lease, not claimed".formatted(source));
    }
    return new Fence(
        source, inTransaction("Claiming a partition", c -> table.claim(c, source, owner)));
  }

  /** Whether no later term of the fence's source has begun. */
  public boolean holds(Fence fence) {
    return inTransaction("Comparing a term", c -> table.holds(c, fence));
  }

  /**
   * Messages of a consumer that were decided against, or set aside, and do not hold their key: one
   * that comes again is not to be dispatched.
   *
   * @param limit at most so many, the latest
   */
  public List<UUID> settled(String consumer, int limit) {
    return inTransaction("Reading parked messages", c -> table.settled(c, consumer, limit));
  }

  /** A release took effect: ends the message and makes the next one of its key due. */
  public boolean handled(Fence fence, ParkedMessage parked) {
    return handled(fence, List.of(parked));
  }

  /**
   * Releases took effect: ends the messages and makes the next one of their key due.
   *
   * @param parked the first ones that {@link #heads} gave, in its order; not empty
   * @return false if the fence no longer holds or they had ended
   */
  public boolean handled(Fence fence, List<ParkedMessage> parked) {
    ParkedMessage head = parked.get(0);
    OrderKey key = head.message().orderKey();
    List<UUID> ids = parked.stream().map(p -> p.message().id()).toList();
    return decide(
        fence,
        head,
        c -> {
          int ended =
              table.endHandled(
                  c, head.consumer(), ids, RELAY, "handled by " + RELAY, time.offset());
          if (ended == 0) {
            return false;
          }
          if (ended < ids.size()) { // rolls back; only this fence's owner ends them, one at a time
            throw new SQLException(
                "%d of %d released messages of %s had ended".formatted(ended, ids.size(), key));
          }
          advance(c, head.consumer(), key);
          return true;
        });
  }

  /**
   * A release failed.
   *
   * @param attempts counted attempts, this one included if it counts
   * @param nextIn when to try again; null makes it a dead letter
   */
  public boolean failed(
      Fence fence, ParkedMessage parked, int attempts, String error, @Nullable Duration nextIn) {
    boolean done =
        decide(
            fence,
            parked,
            c -> {
              ParkedState next = nextIn == null ? ParkedState.DEAD : ParkedState.RETRYING;
              if (!table.move(c, parked, next, error, attempts)) {
                return false;
              }
              table.scheduleKey(
                  c, parked.consumer(), parked.message().orderKey(), nextIn, time.offset());
              return true;
            });
    if (done && nextIn == null) {
      observer.dead(parked.consumer(), parked.reason().name());
    }
    return done;
  }

  /**
   * The last attempt failed, and the consumer skips dead letters: the head is set aside and the
   * next message of its key is due.
   *
   * @param attempts counted attempts, this one included if it counts
   */
  public boolean failedAside(Fence fence, ParkedMessage parked, int attempts, String error) {
    boolean done =
        decide(
            fence,
            parked,
            c -> {
              if (!table.setAside(c, fence.source(), parked, error, attempts)) {
                return false;
              }
              advance(c, parked.consumer(), parked.message().orderKey());
              return true;
            });
    if (done) {
      observer.dead(parked.consumer(), parked.reason().name());
    }
    return done;
  }

  /**
   * A message of a type that was unknown is handed on, in order, to the consumers that now know it.
   */
  public boolean redirect(Fence fence, ParkedMessage parked, List<String> consumers) {
    return decide(
        fence,
        parked,
        c -> {
          for (String consumer : consumers) {
            insert(
                c, fence, consumer, parked.message(), parked.reason(), null, Duration.ZERO, false);
          }
          return end(c, parked, ParkedState.HANDLED, RELAY, "handed on to " + consumers);
        });
  }

  private boolean decide(
      Fence fence, ParkedMessage parked, ProtocolTransaction.Work<Boolean> decision) {
    return inTransaction(
        "Releasing " + parked.message(),
        c ->
            table.holds(c, fence)
                && table.lockKeyOf(c, fence, parked.consumer(), parked.message().orderKey())
                && decision.in(c));
  }

  /** Ends the head. To be called with the key's row locked. */
  boolean end(Connection c, ParkedMessage parked, ParkedState state, String by, String because)
      throws SQLException {
    if (!table.end(c, parked, state, by, because, time.offset())) {
      return false;
    }
    advance(c, parked.consumer(), parked.message().orderKey());
    return true;
  }

  /** The key has no head any more: the next message becomes it, or the key is free. */
  private void advance(Connection c, String consumer, OrderKey key) throws SQLException {
    List<ParkedMessage> next = table.queued(c, consumer, key, 1, 1);
    if (next.isEmpty()) {
      table.deleteKey(c, consumer, key);
    } else {
      table.move(c, next.get(0), ParkedState.RETRYING, null, 0);
      table.scheduleKey(c, consumer, key, Duration.ZERO, time.offset());
    }
  }

  @Override
  public List<ParkedMessage> deadLetters(int limit) {
    requireLimit(limit);
    return inTransaction("Listing dead letters", c -> table.dead(c, limit));
  }

  @Override
  public DeadLetterPage deadLetters(DeadLetterFilter filter, @Nullable String after, int limit) {
    requireLimit(limit);
    return deadLetters.page(filter, after, limit);
  }

  private static void requireLimit(int limit) {
    if (limit < 1 || limit > 10_000) {
      throw new IllegalArgumentException("limit must be between 1 and 10000, was " + limit);
    }
  }

  @Override
  public Optional<ParkedMessage> find(String consumer, UUID messageId) {
    return inTransaction(
        "Reading a parked message", c -> table.find(c, consumer, messageId).stream().findFirst());
  }

  @Override
  public Optional<ParkedInspection> inspect(String consumer, UUID messageId) {
    return deadLetters.inspect(consumer, messageId);
  }

  @Override
  public DeadLetterEdit.Outcome edit(
      String consumer, UUID messageId, DeadLetterEdit edit, String by, String because) {
    requireText("by", by);
    requireText("because", because);
    return deadLetters.edit(consumer, messageId, edit, by, because);
  }

  @Override
  public boolean retry(String consumer, UUID messageId, String by) {
    requireText("by", by);
    return deadLetters.retry(consumer, messageId, by);
  }

  @Override
  public int retry(DeadLetterFilter filter, String by) {
    requireText("by", by);
    return deadLetters.retry(filter, by);
  }

  @Override
  public boolean discard(String consumer, UUID messageId, String by, String because) {
    requireText("by", by);
    requireText("because", because);
    return deadLetters.discard(consumer, messageId, by, because);
  }

  @Override
  public int discard(DeadLetterFilter filter, String by, String because) {
    requireText("by", by);
    requireText("because", because);
    return deadLetters.discard(filter, by, because);
  }

  private static void requireText(String name, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(name + " must not be blank");
    }
  }

  @Override
  public Counts counts() {
    return inTransaction("Counting parked keys", table::counts);
  }

  /**
   * Removes ended messages that are older than the dedup window.
   *
   * @param limit at most so many
   * @return how many
   */
  public int reap(Duration window, int limit) {
    return inTransaction(
        "Reaping parked messages", c -> table.reap(c, window, time.offset(), limit));
  }

  <T> T inTransaction(String what, ProtocolTransaction.Work<T> work) {
    return ProtocolTransaction.byIndex(dataSource, what, work);
  }
}
