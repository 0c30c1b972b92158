package dev.evenkeel.relay;

import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxOptions;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.JsonPayloadCodec;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.delivery.InProcessTransport;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.TransactionTarget;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.testing.ContractEvent;
import dev.evenkeel.testing.TransportContract;
import java.lang.reflect.Method;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import tools.jackson.databind.json.JsonMapper;

/** In-process delivery keeps what the relay relies on in every transport. */
@Tag("postgres-matrix")
class InProcessTransportContractIT extends TransportContract {

  private static final String CONSUMER = "contract";

  private Installation installation;

  @BeforeEach
  void createInstallation() {
    installation = Installation.create();
  }

  @AfterEach
  void closeInstallation() {
    installation.close();
  }

  @Override
  protected Transport transport(Receiver receiver) throws NoSuchMethodException {
    JsonPayloadCodec codec = new JsonPayloadCodec(JsonMapper.builder().build());
    EventTypes types = EventTypes.of(List.of(ContractEvent.class));
    Handler handler = new Handler(receiver);
    Method method = Handler.class.getDeclaredMethod("on", OutboxMessage.class);
    InboxHandlers handlers =
        InboxHandlers.builder(types, codec)
            .add(handler, method, method.getAnnotation(InboxHandler.class))
            .build();
    TransactionTarget home =
        new TransactionTarget(
            "home",
            installation.dataSource(),
            new DataSourceTransactionManager(installation.dataSource()));
    return new InProcessTransport(
        LaneOptions.defaults(),
        handlers,
        new InboxReceiver(
            InboxOptions.defaults(),
            installation.dataSource(),
            (consumer, message, shardKey) -> home,
            MessageObserver.NONE,
            TimeSource.SYSTEM),
        new ParkedStore(
            installation.dataSource(),
            Installation.SCHEMA,
            MessageObserver.NONE,
            TimeSource.SYSTEM),
        MessageObserver.NONE);
  }

  @Override
  protected boolean isDurable(OutboxMessage message) {
    return installation.count(
            """
            SELECT (SELECT count(*) FROM evenkeel.inbox WHERE message_id = ? AND consumer = ?)
                 + (SELECT count(*) FROM evenkeel.parked_message WHERE message_id = ? AND consumer = ?)
            """,
            message.id(),
            CONSUMER,
            message.id(),
            CONSUMER)
        == 1;
  }

  private record Handler(Receiver receiver) {

    @InboxHandler(consumer = CONSUMER, types = ContractEvent.TYPE)
    void on(OutboxMessage message) {
      receiver.receive(message);
    }
  }
}
