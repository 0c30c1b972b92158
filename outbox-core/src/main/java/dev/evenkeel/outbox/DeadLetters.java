package dev.evenkeel.outbox;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What operators do to dead letters. Every decision locks the key's row, if the key is parked, and
 * then the message's; so decisions about one letter come one after the other, and the later one
 * finds that it is dead no more. A release holds the message's row until its handler has committed,
 * and only its source's owner makes a message dead: what is dead is not being released.
 */
final class DeadLetters {

  /** Few enough that the keys' locks are held for a moment only. */
  private static final int BATCH = 100;

  private static final int ATTEMPTS_PER_BATCH = 3;

  private final ParkedStore store;
  private final ParkedTable parked;
  private final DeadLetterTable table;
  private final TimeSource time;

  DeadLetters(ParkedStore store, ParkedTable parked, DeadLetterTable table, TimeSource time) {
    this.store = store;
    this.parked = parked;
    this.table = table;
    this.time = time;
  }

  DeadLetterPage page(DeadLetterFilter filter, @Nullable String after, int limit) {
    DeadLetterPage.Cursor cursor = after == null ? null : DeadLetterPage.Cursor.parse(after);
    List<DeadLetter> letters =
        store.inTransaction("Listing dead letters", c -> table.page(c, filter, cursor, limit + 1));
    return letters.size() > limit
        ? DeadLetterPage.of(letters.subList(0, limit), true)
        : DeadLetterPage.of(letters, false);
  }

  Optional<ParkedInspection> inspect(String consumer, UUID id) {
    return store.inTransaction(
        "Reading a parked message",
        c -> {
          List<ParkedMessage> found = parked.find(c, consumer, id);
          if (found.isEmpty()) {
            return Optional.empty();
          }
          ParkedMessage message = found.get(0);
          ParkedInspection.Ended ended = table.ended(c, consumer, id);
          boolean heldUp = ended == null && !message.aside();
          return Optional.of(
              new ParkedInspection(
                  message,
                  heldUp ? table.queuedBehind(c, message) : 0,
                  ended,
                  table.actions(c, consumer, id)));
        });
  }

  DeadLetterEdit.Outcome edit(
      String consumer, UUID id, DeadLetterEdit edit, String by, String because) {
    return store.inTransaction(
        "Editing message " + id,
        c -> {
          ParkedMessage dead = lock(c, consumer, id);
          if (dead == null) {
            return DeadLetterEdit.Outcome.NO_DEAD_LETTER;
          }
          if (dead.revision() != edit.revision()) {
            return DeadLetterEdit.Outcome.OTHER_REVISION;
          }
          table.edit(c, dead, edit.payload(), headersAfter(dead, edit));
          table.record(c, dead, ParkedAction.Kind.EDIT, by, because, time.offset());
          return DeadLetterEdit.Outcome.EDITED;
        });
  }

  /** A claim on the old payload must not replace the new one at the receiver. */
  private static Map<String, String> headersAfter(ParkedMessage dead, DeadLetterEdit edit) {
    Map<String, String> headers =
        new HashMap<>(edit.headers() == null ? dead.message().headers() : edit.headers());
    if (edit.payload() != null) {
      headers.remove(MessageHeaders.CLAIM_CHECK);
    }
    return headers;
  }

  boolean retry(String consumer, UUID id, String by) {
    return store.inTransaction("Retrying message " + id, c -> retry(c, consumer, id, by));
  }

  boolean discard(String consumer, UUID id, String by, String because) {
    return store.inTransaction(
        "Discarding message " + id, c -> discard(c, consumer, id, by, because));
  }

  int retry(DeadLetterFilter filter, String by) {
    return each(
        "Retrying dead letters",
        filter,
        (c, found) -> retry(c, found.consumer(), found.messageId(), by));
  }

  int discard(DeadLetterFilter filter, String by, String because) {
    return each(
        "Discarding dead letters",
        filter,
        (c, found) -> discard(c, found.consumer(), found.messageId(), by, because));
  }

  private boolean retry(Connection c, String consumer, UUID id, String by) throws SQLException {
    String source = table.sourceAside(c, consumer, id);
    if (source != null) {
      return takeBack(c, consumer, id, source, by);
    }
    ParkedMessage dead = lock(c, consumer, id);
    if (dead == null || dead.aside()) { // set aside this very moment: not what the caller saw
      return false;
    }
    parked.move(c, dead, ParkedState.RETRYING, null, 0);
    parked.scheduleKey(c, consumer, dead.message().orderKey(), Duration.ZERO, time.offset());
    table.record(c, dead, ParkedAction.Kind.RETRY, by, null, time.offset());
    return true;
  }

  /**
   * Retries what was set aside. From the commit on, live messages of the key queue behind; who
   * releases the key first waits for the one that may be on its way (see {@code ParkedReleaser}).
   * Where the key is parked, its head goes first: it may be on its way, too, and a key has one head
   * only.
   */
  private boolean takeBack(Connection c, String consumer, UUID id, String source, String by)
      throws SQLException {
    List<ParkedMessage> before = parked.find(c, consumer, id);
    if (before.isEmpty()) {
      return false;
    }
    OrderKey key = before.get(0).message().orderKey();
    boolean keyIsNew = store.insertOrLockKey(c, source, consumer, key, Duration.ZERO);
    ParkedMessage dead = table.lock(c, consumer, id);
    if (dead == null || !dead.aside()) { // somebody else was faster
      if (keyIsNew) {
        parked.deleteKey(c, consumer, key);
      }
      return false;
    }
    ParkedMessage head = keyIsNew ? null : parked.head(c, consumer, key);
    parked.takeBack(c, dead, head == null ? ParkedState.RETRYING : ParkedState.QUEUED);
    if (head != null && head.state() == ParkedState.RETRYING) {
      parked.scheduleKey(c, consumer, key, Duration.ZERO, time.offset());
    }
    table.record(c, dead, ParkedAction.Kind.RETRY, by, null, time.offset());
    return true;
  }

  private boolean discard(Connection c, String consumer, UUID id, String by, String because)
      throws SQLException {
    ParkedMessage dead = lock(c, consumer, id);
    if (dead == null) {
      return false;
    }
    table.record(c, dead, ParkedAction.Kind.DISCARD, by, because, time.offset());
    return dead.aside()
        ? parked.end(c, dead, ParkedState.DISCARDED, by, because, time.offset())
        : store.end(c, dead, ParkedState.DISCARDED, by, because);
  }

  /** Locks a dead letter, its key first where it is parked. Null: it is none. */
  private @Nullable ParkedMessage lock(Connection c, String consumer, UUID id) throws SQLException {
    List<ParkedMessage> before = parked.find(c, consumer, id);
    if (before.isEmpty()) {
      return null;
    }
    boolean keyParked = parked.lockKey(c, consumer, before.get(0).message().orderKey());
    ParkedMessage dead = table.lock(c, consumer, id);
    if (dead != null && !dead.aside() && !keyParked) { // retried and dead again in between
      throw new SQLException("message %s of %s changes too fast".formatted(id, consumer), "55P03");
    }
    return dead;
  }

  private interface Decision {
    boolean on(Connection connection, DeadLetterTable.Found found) throws SQLException;
  }

  private record Batch(long last, int found, int done) {}

  /**
   * Decides about each of those that are dead now. It walks by position and does not look back, so
   * what dies again meanwhile is not decided on twice. Within a batch letters are ordered by key
   * and then by position: operators that work on the same keys take their locks in the same order.
   */
  private int each(String what, DeadLetterFilter filter, Decision decision) {
    long upTo = store.inTransaction(what, table::last);
    int done = 0;
    Batch batch = new Batch(-1, BATCH, 0);
    while (batch.found() == BATCH) {
      batch = batch(what, filter, batch.last(), upTo, decision);
      done += batch.done();
    }
    return done;
  }

  private Batch batch(
      String what, DeadLetterFilter filter, long after, long upTo, Decision decision) {
    for (int attempt = 1; ; attempt++) {
      try {
        return store.inTransaction(
            what,
            c -> {
              List<DeadLetterTable.Found> found = table.find(c, filter, after, upTo, BATCH);
              int done = 0;
              for (DeadLetterTable.Found letter : found.stream().sorted(BY_KEY).toList()) {
                done += decision.on(c, letter) ? 1 : 0;
              }
              long last = found.isEmpty() ? after : found.get(found.size() - 1).position();
              return new Batch(last, found.size(), done);
            });
      } catch (RuntimeException e) {
        if (attempt == ATTEMPTS_PER_BATCH || FailureKind.of(e) != FailureKind.CONTENTION) {
          throw e;
        }
      }
    }
  }

  private static final Comparator<DeadLetterTable.Found> BY_KEY =
      Comparator.comparing(DeadLetterTable.Found::consumer)
          .thenComparing(found -> found.key().aggregateType())
          .thenComparing(found -> found.key().aggregateId())
          .thenComparing(DeadLetterTable.Found::position);
}
