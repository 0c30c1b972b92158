package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.sample.orders.crash.Journal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes down what relays send, before they do: handlers would not show a message that comes again
 * and is absorbed.
 */
record JournalingTransport(Transport inner, Journal journal) implements Transport {

  private static final Pattern VERSION = Pattern.compile("\"version\":(\\d+)");

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public boolean inProcess() {
    return inner.inProcess();
  }

  @Override
  public boolean receiversReadSource() {
    return inner.receiversReadSource();
  }

  @Override
  public List<String> findings() {
    return inner.findings();
  }

  @Override
  public Session open(Leadership leadership) {
    Session session = inner.open(leadership);
    return new Session() {
      @Override
      public void send(OutboxMessage message, Acknowledgement acknowledgement) {
        journal.process(Journal.Kind.SENT, text(message));
        session.send(message, acknowledgement);
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }

  /** Its id, and of a tally what else it says. */
  private static String text(OutboxMessage message) {
    if (message.type().equals(TallyCounted.TYPE)) {
      Matcher version = VERSION.matcher(new String(message.payload(), StandardCharsets.UTF_8));
      if (version.find()) {
        return message.id()
            + "/"
            + TallyCounted.text(message.aggregateId(), Long.parseLong(version.group(1)));
      }
    }
    return message.id().toString();
  }
}
