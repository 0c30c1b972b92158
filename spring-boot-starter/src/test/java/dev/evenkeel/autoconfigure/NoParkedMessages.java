package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Stands for a database that is away. */
final class NoParkedMessages implements ParkedMessages {

  @Override
  public List<ParkedMessage> deadLetters(int limit) {
    throw new IllegalStateException("away");
  }

  @Override
  public Optional<ParkedMessage> find(String consumer, UUID messageId) {
    throw new IllegalStateException("away");
  }

  @Override
  public boolean retry(String consumer, UUID messageId, String by) {
    throw new IllegalStateException("away");
  }

  @Override
  public boolean discard(String consumer, UUID messageId, String by, String because) {
    throw new IllegalStateException("away");
  }

  @Override
  public Counts counts() {
    throw new IllegalStateException("away");
  }
}
