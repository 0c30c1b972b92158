package dev.evenkeel.saga;

import dev.evenkeel.outbox.CurrentMessage;
import dev.evenkeel.outbox.HeadersJson;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ProtocolTransaction;
import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.ShardKey;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.saga.SagaMessages.Asked;
import dev.evenkeel.saga.StepTable.Direction;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.shard.id.SlotIds;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The participant that this service's sagas are to the steps that are sagas of their own.
 *
 * <p>A child is born on its own home shard, in one transaction with the row of its parent's step
 * there. The row says {@code STARTED} for as long as the child lives; the child's last write gives
 * it its outcome, and answers. What has completed can be told to turn back; so it is kept for as
 * long as its parent is.
 */
final class ChildReceiver implements DirectHandler {

  private static final String PARENT_TURNED = "The saga that it is a step of has turned back";

  private final SagaEngine engine;
  private final SagaCodec codec;
  private final StepTable steps;
  private final KeyTable keys;
  private final EventTable events;
  private final InstanceTable instances;

  ChildReceiver(SagaEngine engine) {
    this.engine = engine;
    this.codec = engine.codec();
    String schema = engine.options().schema();
    this.steps = new StepTable(schema);
    this.keys = new KeyTable(schema);
    this.events = new EventTable(schema);
    this.instances = new InstanceTable(schema);
  }

  @Override
  public String consumer() {
    return "participant:" + engine.options().childParticipant();
  }

  @Override
  public String type() {
    return SagaMessages.COMMAND_PREFIX + engine.options().childParticipant();
  }

  @Override
  public String aggregateType() {
    return type();
  }

  @Override
  public ShardKey shardKey(OutboxMessage message) {
    SagaDefinition definition = definition(SagaMessages.read(message));
    String key = definition.shardKey(command(definition, message));
    if (key == null || key.isBlank()) {
      throw new PayloadException(
          "The command of saga %s has no shard key".formatted(definition), null);
    }
    return new ShardKey(definition.shardStrategy(), key);
  }

  private SagaDefinition definition(Asked asked) {
    return engine
        .definitions()
        .newest(asked.command())
        .orElseThrow(
            () ->
                new PayloadException(
                    "There is no saga \"%s\" in this process; it has %s"
                        .formatted(asked.command(), engine.definitions().all()),
                    null));
  }

  private Object command(SagaDefinition definition, OutboxMessage message) {
    return codec.payloads().decode(message.payload(), definition.commandType());
  }

  @Override
  public void handle(OutboxMessage message, TransactionTarget target, Began began) {
    Asked asked = SagaMessages.read(message);
    ProtocolTransaction.inTransaction(
        target.dataSource(),
        "Handling " + message,
        c -> {
          began.on(c);
          handle(c, message, asked);
          return asked;
        });
    engine.homes().values().forEach(HomeShard::hint);
  }

  private void handle(Connection c, OutboxMessage message, Asked asked) throws SQLException {
    switch (asked.verb()) {
      case EXECUTE -> execute(c, message, asked);
      case FENCE -> fence(c, asked, home(message));
      case UNDO -> undo(c, asked);
      case FORGET -> steps.delete(c, List.of(asked.sagaId()));
    }
  }

  private int slot(OutboxMessage message) {
    ShardKey key = shardKey(message);
    return engine.slotOf(key.strategy(), key.text());
  }

  private HomeShard home(OutboxMessage message) {
    return engine.home(slot(message));
  }

  private void execute(Connection c, OutboxMessage message, Asked asked) throws SQLException {
    SagaDefinition definition = definition(asked);
    int slot = slot(message);
    HomeShard home = engine.home(slot);
    UUID id = SlotIds.next(slot);
    byte[] result = codec.encode(new ChildSaga(id), "A child's id");
    if (!steps.insert(
        c, row(asked, Direction.FORWARD, Outcome.STARTED, result, slot), ahead(home))) {
      answerStored(c, asked);
      return;
    }
    Map<String, String> headers = new HashMap<>(CurrentMessage.headers());
    home.definitions()
        .start(
            c,
            definition,
            keys,
            new KeyTable.Start(
                slot,
                definition.name(),
                definition.version(),
                "%s/%s".formatted(asked.sagaId(), asked.key()),
                id,
                SagaStarter.sha256(message.payload()),
                message.payload(),
                HeadersJson.write(headers),
                engine.localParticipants(definition),
                definition.deadline(),
                null));
    instances.adopt(c, id, asked.sagaId(), asked.key());
    answer(c, asked, SagaReply.Outcome.BEGUN, null, null);
  }

  private void answerStored(Connection c, Asked asked) throws SQLException {
    StepTable.Row row = row(c, asked, Direction.FORWARD);
    if (row == null) {
      answer(c, asked, SagaReply.Outcome.LATE, null, null);
    } else if (row.outcome() == Outcome.STARTED) {
      answer(c, asked, SagaReply.Outcome.BEGUN, null, null);
    } else {
      boolean refused = row.outcome() == Outcome.REFUSED;
      answer(
          c,
          asked,
          SagaReply.Outcome.valueOf(row.outcome().name()),
          refused ? null : row.result(),
          refused ? codec.failure(row.result()) : null);
    }
  }

  /** What lives is told to turn back; whether it still can is its own business. */
  private void fence(Connection c, Asked asked, HomeShard home) throws SQLException {
    if (steps.insert(
        c,
        row(asked, Direction.FORWARD, Outcome.FENCED, null, SlotIds.slotOf(asked.sagaId())),
        ahead(home))) {
      answer(c, asked, SagaReply.Outcome.FENCED, null, null);
      return;
    }
    StepTable.Row row = row(c, asked, Direction.FORWARD);
    if (row != null && row.outcome() == Outcome.STARTED) {
      UUID child = childOf(row);
      if (events.read(c, List.of(child)).stream()
          .noneMatch(event -> event.kind() == EventTable.Kind.CANCEL)) {
        events.store(
            c,
            child,
            EventTable.Kind.CANCEL,
            "",
            PARENT_TURNED.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      }
    }
    answerStored(c, asked);
  }

  /** What has completed turns back, once. */
  private void undo(Connection c, Asked asked) throws SQLException {
    StepTable.Row row = row(c, asked, Direction.FORWARD);
    if (row == null || row.outcome() != Outcome.DONE) {
      fail(
          c,
          asked,
          "Step \"%s\" is known to be done, and its child has %s"
              .formatted(asked.key(), row == null ? "no row" : row.outcome()));
    } else if (row(c, asked, Direction.COMPENSATION) != null) {
      answer(c, asked, SagaReply.Outcome.UNDONE, null, null);
    } else {
      UUID child = childOf(row);
      SagaFailure failure = new SagaFailure(SagaFailure.Reason.CANCELLED, null, "", PARENT_TURNED);
      if (instances.reopen(c, child, SagaCodec.text(failure), asked.notAfter())) {
        answer(c, asked, SagaReply.Outcome.BEGUN, null, null);
        return;
      }
      SagaState state = instances.find(c, child).map(InstanceTable.Row::state).orElse(null);
      if (state == SagaState.CLOSING || state == SagaState.COMPENSATING) {
        answer(c, asked, SagaReply.Outcome.BEGUN, null, null);
      } else if (state == SagaState.COMPLETED) {
        answer(c, asked, SagaReply.Outcome.LATE, null, null);
      } else {
        fail(c, asked, "Its child %s is %s".formatted(child, state == null ? "gone" : state));
      }
    }
  }

  // ---- rows and answers

  private UUID childOf(StepTable.Row row) {
    Object child = codec.result(row.result(), ChildSaga.class);
    if (!(child instanceof ChildSaga known)) {
      throw new IllegalStateException("The row of a child names none");
    }
    return known.id();
  }

  private static java.time.Duration ahead(HomeShard home) {
    return home.clock().ahead();
  }

  private StepTable.@Nullable Row row(Connection c, Asked asked, Direction direction)
      throws SQLException {
    return steps.read(c, List.of(asked.sagaId())).stream()
        .filter(row -> row.key().equals(asked.key()) && row.direction() == direction)
        .findFirst()
        .orElse(null);
  }

  private static StepTable.NewRow row(
      Asked asked, Direction direction, Outcome outcome, byte @Nullable [] result, int slot) {
    return new StepTable.NewRow(
        asked.sagaId(),
        asked.key(),
        direction,
        outcome,
        result,
        slot,
        0,
        asked.sending(),
        asked.notAfter());
  }

  private void fail(Connection c, Asked asked, String why) throws SQLException {
    answer(
        c,
        asked,
        SagaReply.Outcome.FAILED,
        null,
        new SagaFailure(SagaFailure.Reason.ATTEMPTS_EXHAUSTED, asked.key().step(), "", why));
  }

  private void answer(
      Connection c,
      Asked asked,
      SagaReply.Outcome outcome,
      byte @Nullable [] result,
      @Nullable SagaFailure failure)
      throws SQLException {
    SagaReply reply =
        new SagaReply(
            asked.sagaId().toString(),
            asked.key().step(),
            asked.key().item(),
            asked.verb(),
            asked.sending(),
            outcome,
            result,
            failure,
            false);
    engine
        .outbox()
        .append(
            c,
            List.of(
                SagaMessages.reply(
                    reply,
                    asked.replyTo(),
                    SlotIds.slotOf(asked.sagaId()),
                    CurrentMessage.headers())));
  }
}
