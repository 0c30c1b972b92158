package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.sample.orders.crash.Journal;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Writes down each attempt, and leaves one row for each event that is handled. */
class TallyHandler {

  static final String CONSUMER = "tally";

  private final JdbcTemplate sql;
  private final Journal journal;

  TallyHandler(JdbcTemplate sql, Journal journal) {
    this.sql = sql;
    this.journal = journal;
  }

  @InboxHandler(consumer = CONSUMER, shardKey = "place")
  void on(TallyCounted event) {
    String what = TallyCounted.text(event.key(), event.version());
    journal.process(Journal.Kind.ATTEMPT, what);
    sql.update(
        "INSERT INTO prove.effect (consumer, key, version) VALUES (?, ?, ?)",
        CONSUMER,
        event.key(),
        event.version());
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            journal.process(Journal.Kind.EFFECT, what);
          }
        });
  }
}
