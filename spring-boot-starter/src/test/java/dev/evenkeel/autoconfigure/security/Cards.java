package dev.evenkeel.autoconfigure.security;

import dev.evenkeel.outbox.InboxHandler;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/** Has the database refuse card numbers, whose errors quote them. */
@Component
class Cards {

  /** Keys of events that fail. */
  static final String TWICE = "twice";

  static final String BATCH = "batch";

  private final JdbcTemplate jdbc;

  Cards(JdbcTemplate jdbc) {
    this.jdbc = jdbc;
  }

  @InboxHandler(consumer = "cards")
  void on(CardAdded event) {
    switch (event.id()) {
      case TWICE -> addTwice(event.number());
      case BATCH ->
          jdbc.batchUpdate(
              "INSERT INTO card VALUES (?)",
              List.of(new Object[] {event.number() + "-"}, new Object[] {event.number() + "-"}));
      default -> add(event.number());
    }
  }

  void add(String number) {
    jdbc.update("INSERT INTO card VALUES (?)", number);
  }

  void remove(String number) {
    jdbc.update("DELETE FROM card WHERE number = ?", number);
  }

  /** The detail of the error has the key. */
  void addTwice(String number) {
    add(number + " again");
    add(number + " again");
  }

  /** The error itself has the value. */
  void refuseNumber(String number) {
    jdbc.queryForObject("SELECT ?::integer", Integer.class, number);
  }
}
