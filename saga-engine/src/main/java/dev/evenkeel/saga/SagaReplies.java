package dev.evenkeel.saga;

import dev.evenkeel.outbox.FailureText;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.shard.SlotStrategy;
import java.util.UUID;
import tools.jackson.core.JacksonException;

/**
 * Takes what participants answer: stores it with the saga at its home and has the owner look.
 * Whether it is of any use, the owner decides. A saga that has ended takes nothing any more.
 */
final class SagaReplies implements DirectHandler {

  private final SagaEngine engine;
  private final EventTable events;

  SagaReplies(SagaEngine engine) {
    this.engine = engine;
    this.events = new EventTable(engine.options().schema());
  }

  @Override
  public String consumer() {
    return "saga-replies";
  }

  @Override
  public String type() {
    return SagaMessages.REPLY_PREFIX + engine.options().service();
  }

  @Override
  public String aggregateType() {
    return type();
  }

  /** A saga's id carries its slot. */
  @Override
  public ShardKey shardKey(OutboxMessage message) {
    return new ShardKey(SlotStrategy.CARRIED, read(message).sagaId());
  }

  @Override
  public void handle(OutboxMessage message, TransactionTarget target, Began began) {
    SagaReply reply = read(message);
    UUID sagaId = UUID.fromString(reply.sagaId());
    ProtocolTransaction.inTransaction(
        target.dataSource(),
        "Storing " + message,
        c -> {
          began.on(c);
          events.store(c, sagaId, EventTable.Kind.REPLY, reply.key().toString(), message.payload());
          return sagaId;
        });
    engine.homeOf(sagaId).hint();
  }

  private static SagaReply read(OutboxMessage message) {
    try {
      return SagaReply.read(message.payload());
    } catch (JacksonException e) {
      throw new PayloadException(
          message + " is no answer to a saga: " + FailureText.messageOf(e), e);
    }
  }
}
