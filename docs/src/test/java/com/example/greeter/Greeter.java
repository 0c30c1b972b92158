package com.example.greeter;

import dev.evenkeel.outbox.InboxHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Writes a welcome card for each guest. */
@Component
class Greeter {

  private static final Logger log = LoggerFactory.getLogger(Greeter.class);

  private final JdbcClient database;

  Greeter(JdbcClient database) {
    this.database = database;
  }

  @InboxHandler(consumer = "greeter")
  void on(GuestArrived event) {
    database
        .sql("INSERT INTO welcome_card (stay_id, room) VALUES (?, ?)")
        .params(event.stayId(), event.room())
        .update();
    log.info("A welcome card for room {}", event.room());
  }
}
