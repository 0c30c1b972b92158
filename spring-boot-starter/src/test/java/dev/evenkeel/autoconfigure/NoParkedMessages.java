package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetterEdit;
import dev.evenkeel.outbox.DeadLetterFilter;
import dev.evenkeel.outbox.DeadLetterPage;
import dev.evenkeel.outbox.ParkedInspection;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Stands for a database that is away. */
final class NoParkedMessages implements ParkedMessages {

  @Override
  public List<ParkedMessage> deadLetters(int limit) {
    throw new IllegalStateException("away");
  }

  @Override
  public DeadLetterPage deadLetters(DeadLetterFilter filter, @Nullable String after, int limit) {
    throw new IllegalStateException("away");
  }

  @Override
  public Optional<ParkedInspection> inspect(String consumer, UUID messageId) {
    throw new IllegalStateException("away");
  }

  @Override
  public DeadLetterEdit.Outcome edit(
      String consumer, UUID messageId, DeadLetterEdit edit, String by, String because) {
    throw new IllegalStateException("away");
  }

  @Override
  public int retry(DeadLetterFilter filter, String by) {
    throw new IllegalStateException("away");
  }

  @Override
  public int discard(DeadLetterFilter filter, String by, String because) {
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
