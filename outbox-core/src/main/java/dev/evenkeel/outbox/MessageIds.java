package dev.evenkeel.outbox;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/** UUIDv7 (RFC 9562) message ids. Thread-safe. */
final class MessageIds {

  private static final NoArgGenerator GENERATOR = Generators.timeBasedEpochGenerator();

  private MessageIds() {}

  static UUID next() {
    return GENERATOR.generate();
  }

  /** The instant a v7 id carries; empty for any other id. */
  static Optional<Instant> instantOf(UUID id) {
    return id.version() == 7
        ? Optional.of(Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16))
        : Optional.empty();
  }
}
