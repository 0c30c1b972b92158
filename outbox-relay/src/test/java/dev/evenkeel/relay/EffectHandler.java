package dev.evenkeel.relay;

import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.OutboxMessage;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.springframework.jdbc.core.JdbcTemplate;

/** Writes one row per handled message; every attempt is remembered, also of those that fail. */
final class EffectHandler {

  private final JdbcTemplate sql;
  private final Consumer<Counted> behaviour;
  private final List<Counted> attempts = new CopyOnWriteArrayList<>();

  EffectHandler(JdbcTemplate sql) {
    this(sql, event -> {});
  }

  /**
   * Makes a handler.
   *
   * @param behaviour runs after the effect; may throw
   */
  EffectHandler(JdbcTemplate sql, Consumer<Counted> behaviour) {
    this.sql = sql;
    this.behaviour = behaviour;
  }

  @InboxHandler(consumer = "effects")
  void on(Counted event, OutboxMessage message) {
    attempts.add(event);
    sql.update("INSERT INTO effect (message_id, consumer) VALUES (?, 'effects')", message.id());
    behaviour.accept(event);
  }

  List<Counted> attempts() {
    return attempts;
  }
}
