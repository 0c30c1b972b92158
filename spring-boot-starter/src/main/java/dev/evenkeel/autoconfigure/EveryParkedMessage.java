package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetterEdit;
import dev.evenkeel.outbox.DeadLetterFilter;
import dev.evenkeel.outbox.DeadLetterPage;
import dev.evenkeel.outbox.OutboxException;
import dev.evenkeel.outbox.ParkedInspection;
import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** The parked messages of all installations. A message is parked where its relay found it. */
final class EveryParkedMessage implements ParkedMessages {

  private final Installations installations;

  EveryParkedMessage(Installations installations) {
    this.installations = installations;
  }

  @Override
  public List<ParkedMessage> deadLetters(int limit) {
    return installations.overReachable(i -> i.parked().deadLetters(limit)).stream()
        .flatMap(Collection::stream)
        .sorted(Comparator.comparing(ParkedMessage::parkedAt))
        .limit(limit)
        .toList();
  }

  @Override
  public DeadLetterPage deadLetters(DeadLetterFilter filter, @Nullable String after, int limit) {
    return DeadLetterPage.merge(
        installations.overReachable(i -> i.parked().deadLetters(filter, after, limit)), limit);
  }

  @Override
  public Optional<ParkedMessage> find(String consumer, UUID messageId) {
    return first(parked -> parked.find(consumer, messageId));
  }

  @Override
  public Optional<ParkedInspection> inspect(String consumer, UUID messageId) {
    return first(parked -> parked.inspect(consumer, messageId));
  }

  @Override
  public DeadLetterEdit.Outcome edit(
      String consumer, UUID messageId, DeadLetterEdit edit, String by, String because) {
    return first(
            parked ->
                Optional.of(parked.edit(consumer, messageId, edit, by, because))
                    .filter(outcome -> outcome != DeadLetterEdit.Outcome.NO_DEAD_LETTER))
        .orElse(DeadLetterEdit.Outcome.NO_DEAD_LETTER);
  }

  @Override
  public int retry(DeadLetterFilter filter, String by) {
    return sum(parked -> parked.retry(filter, by));
  }

  @Override
  public int discard(DeadLetterFilter filter, String by, String because) {
    return sum(parked -> parked.discard(filter, by, because));
  }

  /** Goes on past an installation that does not answer, and then says so. */
  private int sum(ToIntFunction<ParkedMessages> action) {
    int done = 0;
    RuntimeException failure = null;
    for (Installation installation : installations.all()) {
      try {
        done += action.applyAsInt(installation.parked());
      } catch (RuntimeException e) {
        failure =
            new OutboxException(
                "Installation \"%s\" failed; what was done elsewhere stands: ask again when it answers (%s)"
                    .formatted(installation.name(), e.getMessage()),
                e);
      }
    }
    if (failure != null) {
      throw failure;
    }
    return done;
  }

  @Override
  public boolean retry(String consumer, UUID messageId, String by) {
    return first(parked -> Optional.of(parked.retry(consumer, messageId, by)).filter(done -> done))
        .isPresent();
  }

  @Override
  public boolean discard(String consumer, UUID messageId, String by, String because) {
    return first(
            parked ->
                Optional.of(parked.discard(consumer, messageId, by, because)).filter(done -> done))
        .isPresent();
  }

  /** A shard that does not answer is passed over only when another one has the message. */
  private <T> Optional<T> first(Function<ParkedMessages, Optional<T>> question) {
    RuntimeException failure = null;
    for (Installation installation : installations.all()) {
      try {
        Optional<T> answer = question.apply(installation.parked());
        if (answer.isPresent()) {
          return answer;
        }
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return Optional.empty();
  }

  @Override
  public Counts counts() {
    return installations.overReachable(i -> i.parked().counts()).stream()
        .reduce(new Counts(0, 0), (a, b) -> new Counts(a.keys() + b.keys(), a.dead() + b.dead()));
  }
}
