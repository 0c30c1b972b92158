package dev.evenkeel.relay;

import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.delivery.InProcessTransport;
import dev.evenkeel.outbox.delivery.LaneOptions;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.testing.ConsumerContract;
import dev.evenkeel.testing.EvenkeelDatabase;
import org.junit.jupiter.api.Tag;

/** Handlers served within the relay's process may rely on what all handlers may. */
@Tag("postgres-matrix")
class InProcessConsumerContractIT extends ConsumerContract {

  @Override
  protected Way open(
      EvenkeelDatabase database, EventTypes types, InboxHandlers handlers, LaneOptions lanes) {
    ParkedStore parked =
        new ParkedStore(
            database.dataSource(), database.schema(), MessageObserver.NONE, TimeSource.SYSTEM);
    Transport.Session session =
        new InProcessTransport(lanes, handlers, database.receiver(), parked, MessageObserver.NONE)
            .open(
                new Leadership() {
                  @Override
                  public long epoch() {
                    return 0;
                  }

                  @Override
                  public boolean mayDispatch() {
                    return true;
                  }
                });
    return new Way() {
      @Override
      public void send(OutboxMessage message) {
        session.send(
            message,
            new Acknowledgement() {
              @Override
              public void acknowledge() {}

              @Override
              public void fail(Throwable cause) {
                throw new IllegalStateException(cause);
              }
            });
      }

      @Override
      public ParkedMessages parked() {
        return parked;
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }
}
