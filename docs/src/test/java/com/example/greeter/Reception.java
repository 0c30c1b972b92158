package com.example.greeter;

import java.util.UUID;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Takes guests in. */
@Service
public class Reception {

  private final JdbcClient database;
  private final ApplicationEventPublisher events;

  Reception(JdbcClient database, ApplicationEventPublisher events) {
    this.database = database;
    this.events = events;
  }

  /** The stay and its event commit together, or not at all. */
  @Transactional
  public UUID arrive(int room) {
    UUID stayId = UUID.randomUUID();
    database.sql("INSERT INTO stay (id, room) VALUES (?, ?)").params(stayId, room).update();
    events.publishEvent(new GuestArrived(stayId, room));
    if (room == 13) {
      throw new IllegalArgumentException("There is no room 13");
    }
    return stayId;
  }
}
