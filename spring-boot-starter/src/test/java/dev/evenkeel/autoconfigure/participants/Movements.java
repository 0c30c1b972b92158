package dev.evenkeel.autoconfigure.participants;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;

/** What was done, on the database of the transaction. */
@Component
class Movements {

  private final JdbcTemplate jdbc;

  Movements(JdbcTemplate jdbc) {
    this.jdbc = jdbc;
  }

  void add(String id, String place, String kind) {
    jdbc.update("INSERT INTO movement VALUES (?, ?, ?)", id, place, kind);
  }

  void remove(String id, String place, String kind) {
    jdbc.update(
        "DELETE FROM movement WHERE transfer = ? AND account = ? AND kind = ?", id, place, kind);
  }
}
