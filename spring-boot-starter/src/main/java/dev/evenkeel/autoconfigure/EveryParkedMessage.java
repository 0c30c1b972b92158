package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

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
  public Optional<ParkedMessage> find(String consumer, UUID messageId) {
    return first(parked -> parked.find(consumer, messageId));
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
