package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetterPolicy;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Adds what receives the messages that this process's sagas wait for. Handlers live as long as the
 * application, an engine only until the context is stopped, so each message asks for the present
 * one.
 */
final class SagaReceivers implements InboxHandlerSource {

  private final SagaBeans sagas;
  private final SagaEngines engines;

  SagaReceivers(SagaBeans sagas, SagaEngines engines) {
    this.sagas = sagas;
    this.engines = engines;
  }

  @Override
  public List<String> addTo(InboxHandlers.Builder builder) {
    if (!sagas.mistakes().isEmpty()) {
      return List.of(); // there is no engine, and SagaStarts reports why
    }
    engines
        .current()
        .receivers()
        .forEach(
            receiver -> builder.addDirect(new Present(engines, receiver), DeadLetterPolicy.SKIP));
    return List.of();
  }

  /**
   * The present engine's receiver of the same name.
   *
   * @param first has the names, which all engines of a context share
   */
  private record Present(SagaEngines engines, DirectHandler first) implements DirectHandler {

    private DirectHandler receiver() {
      return engines.current().receivers().stream()
          .filter(receiver -> receiver.consumer().equals(first.consumer()))
          .findFirst()
          .orElseThrow();
    }

    @Override
    public String consumer() {
      return first.consumer();
    }

    @Override
    public String type() {
      return first.type();
    }

    @Override
    public String aggregateType() {
      return first.aggregateType();
    }

    @Override
    public @Nullable ShardKey shardKey(OutboxMessage message) {
      return first.shardKey(message);
    }

    @Override
    public void handle(OutboxMessage message, TransactionTarget target, Began began)
        throws SQLException {
      receiver().handle(message, target, began);
    }
  }
}
