package com.example.accounts;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxEvent;
import dev.evenkeel.shard.Sharded;
import java.util.UUID;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

@OutboxEvent(type = "account-opened", aggregateType = "account", key = "accountId")
record AccountOpened(UUID accountId, String email) {}

@Service
class Accounts {
  private final JdbcClient database;
  private final ApplicationEventPublisher events;

  Accounts(JdbcClient database, ApplicationEventPublisher events) {
    this.database = database;
    this.events = events;
  }

  @Sharded(key = "accountId") // the account's database; without shards it changes nothing
  @Transactional
  public void open(UUID accountId, String email) {
    database.sql("INSERT INTO account VALUES (?, ?)").params(accountId, email).update();
    events.publishEvent(new AccountOpened(accountId, email)); // an outbox row, same transaction
  }
}

@Component
record Mailing(JdbcClient database) {
  @InboxHandler(consumer = "mailing")
  void on(AccountOpened event) { // one transaction with the row that remembers the message
    database.sql("INSERT INTO subscriber VALUES (?)").params(event.email()).update();
  }
}
