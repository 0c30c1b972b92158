package dev.evenkeel.autoconfigure.jpa;

import dev.evenkeel.outbox.InboxHandler;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Transactional, and so behind a proxy. */
@Component
class ReceiptWriter {

  private final JdbcTemplate jdbc;

  ReceiptWriter(JdbcTemplate jdbc) {
    this.jdbc = jdbc;
  }

  @Transactional
  @InboxHandler(consumer = "receipts")
  void on(PurchasePlaced event) {
    jdbc.update("INSERT INTO receipt VALUES (?, 'placed')", event.purchaseId());
  }

  @InboxHandler(consumer = "receipts")
  void on(PurchasePaid event) {
    jdbc.update("INSERT INTO receipt VALUES (?, 'paid')", event.purchaseId());
  }
}
