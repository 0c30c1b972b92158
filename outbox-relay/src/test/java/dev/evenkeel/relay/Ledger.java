package dev.evenkeel.relay;

import dev.evenkeel.outbox.DeadLetterPolicy;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxMessage;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Handlers whose committed effects can be read back in order. The behaviour runs after the effect
 * was written and decides whether it stays; every attempt is remembered, also of those that fail.
 */
final class Ledger {

  /** What a handler does beside its effect; may throw. */
  interface Behaviour {
    void on(Counted event, OutboxMessage message) throws Exception;

    Behaviour FINE = (event, message) -> {};
  }

  /** One call of a handler. */
  record Attempt(String consumer, Counted event) {}

  private final JdbcTemplate sql;
  private final List<Attempt> attempts = new CopyOnWriteArrayList<>();
  private volatile Behaviour first = Behaviour.FINE;
  private volatile Behaviour second = Behaviour.FINE;
  private volatile Behaviour skipping = Behaviour.FINE;

  Ledger(Installation installation) {
    this(installation.sql());
  }

  Ledger(JdbcTemplate sql) {
    this(sql, true);
  }

  private Ledger(JdbcTemplate sql, boolean create) {
    this.sql = sql;
    if (create) {
      sql.execute(
          "CREATE TABLE IF NOT EXISTS handled (consumer text, key text, version bigint, n bigserial)");
    }
  }

  /** For a role that may write and not create. */
  static Ledger onExistingTable(JdbcTemplate sql) {
    return new Ledger(sql, false);
  }

  /** Has consumer {@code first} behave so from now on. */
  Ledger first(Behaviour behaviour) {
    first = behaviour;
    return this;
  }

  /** Has consumer {@code second} behave so from now on. */
  Ledger second(Behaviour behaviour) {
    second = behaviour;
    return this;
  }

  /** Has consumer {@code skipping} behave so from now on. */
  Ledger skipping(Behaviour behaviour) {
    skipping = behaviour;
    return this;
  }

  Object firstConsumer() {
    return new First();
  }

  Object secondConsumer() {
    return new Second();
  }

  /** Its dead letters are set aside. */
  Object skippingConsumer() {
    return new Skipping();
  }

  private final class Skipping {
    @InboxHandler(consumer = "skipping", onDeadLetter = DeadLetterPolicy.SKIP)
    void on(Counted event, OutboxMessage message) throws Exception {
      handle("skipping", skipping, event, message);
    }
  }

  private final class First {
    @InboxHandler(consumer = "first")
    void on(Counted event, OutboxMessage message) throws Exception {
      handle("first", first, event, message);
    }
  }

  private final class Second {
    @InboxHandler(consumer = "second")
    void on(Counted event, OutboxMessage message) throws Exception {
      handle("second", second, event, message);
    }
  }

  private void handle(String consumer, Behaviour behaviour, Counted event, OutboxMessage message)
      throws Exception {
    attempts.add(new Attempt(consumer, event));
    sql.update(
        "INSERT INTO handled (consumer, key, version) VALUES (?, ?, ?)",
        consumer,
        event.key(),
        event.version());
    behaviour.on(event, message);
  }

  /** Attempts of one consumer on one key, as versions in order. */
  List<Long> attempts(String consumer, String key) {
    return attempts.stream()
        .filter(a -> a.consumer().equals(consumer) && a.event().key().equals(key))
        .map(a -> a.event().version())
        .toList();
  }

  /** Committed effects of one consumer on one key, as versions in order. */
  List<Long> handled(String consumer, String key) {
    return sql.queryForList(
        "SELECT version FROM handled WHERE consumer = ? AND key = ? ORDER BY n",
        Long.class,
        consumer,
        key);
  }

  /** How many effects of one consumer committed. */
  long handled(String consumer) {
    Long count =
        sql.queryForObject("SELECT count(*) FROM handled WHERE consumer = ?", Long.class, consumer);
    return count == null ? 0 : count;
  }

  /** Fails every message of a key. */
  static Behaviour failing(String key) {
    return (event, message) -> {
      if (event.key().equals(key)) {
        throw new IllegalStateException(key + " is poison");
      }
    };
  }
}
