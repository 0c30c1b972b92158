package dev.evenkeel.sample.orders.prove;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.springframework.jdbc.core.JdbcTemplate;

/** What a database's relay streams from, as somebody sees it who wants to be rid of it. */
record ReplicationSlot(JdbcTemplate sql, String database) {

  private static final Duration DROPPED = Duration.ofSeconds(30);

  private static final String END =
      """
      SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
       WHERE database = ? AND active_pid IS NOT NULL
      """;

  private static final String DROP =
      """
      SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = ?
      """;

  /** Ends who streams from it, again and again until it is dropped. */
  void drop() {
    await("the replication slot of " + database + " to be dropped")
        .atMost(DROPPED)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .ignoreExceptions()
        .until(
            () -> {
              sql.queryForList(END, database);
              sql.queryForList(DROP, database);
              return true;
            });
  }
}
