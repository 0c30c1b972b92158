package dev.evenkeel.bench;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * From a business transaction through a Kafka broker to a plain consumer: writers and consumer in
 * this process, the sender in one of its own, the broker in another.
 */
final class KafkaPipeline implements Pipeline {

  private final BenchDatabase database;
  private final Broker broker;
  private final Sender sender;
  private final Pipeline written;
  private boolean sending;
  private @Nullable RecordCounter counter;

  KafkaPipeline(BenchDatabase database, Broker broker, Sender sender) {
    this.database = database;
    this.broker = broker;
    this.sender = sender;
    this.written = sender.variant().writingTo(database);
  }

  @Override
  public void prepare() throws Exception {
    written.prepare();
  }

  @Override
  public void start(Progress progress) throws IOException {
    counter = new RecordCounter(broker.servers(), progress);
    sending = true;
    sender.send(database.info());
  }

  @Override
  public Writer openWriter() throws Exception {
    return written.openWriter();
  }

  @Override
  public void close() throws Exception {
    try (written) {
      if (sending) {
        sender.stop();
      }
      if (counter != null) {
        counter.close();
      }
    }
  }
}
