package dev.evenkeel.outbox;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A page of dead letters, those parked first coming first. The order is the same in every database,
 * so that pages of several can be merged: by instant, then by message id, then by consumer.
 *
 * @param letters at most as many as asked for
 * @param next what to ask for the page behind this one; null when this is the last
 */
public record DeadLetterPage(List<DeadLetter> letters, @Nullable String next) {

  /** What PostgreSQL surely stores. */
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  private static final Comparator<DeadLetter> ORDER =
      Comparator.comparing(DeadLetter::parkedAt)
          // As PostgreSQL compares them: UUID.compareTo takes the halves for signed numbers.
          .thenComparing(letter -> letter.messageId().toString())
          .thenComparing(DeadLetter::consumer);

  /** Where a page begins. */
  record Cursor(Instant parkedAt, UUID messageId, String consumer) {

    /**
     * Reads {@link DeadLetterPage#next()}.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static Cursor parse(String text) {
      try {
        String[] parts =
            new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split(" ", 3);
        Instant parkedAt = Instant.parse(parts[0]);
        if (parkedAt.isBefore(Instant.EPOCH)
            || parkedAt.isAfter(LAST)
            || parts[2].indexOf('\0') >= 0) {
          throw new IllegalArgumentException("no database has parked that");
        }
        return new Cursor(parkedAt, UUID.fromString(parts[1]), parts[2]);
      } catch (IllegalArgumentException | DateTimeException | IndexOutOfBoundsException e) {
        throw new IllegalArgumentException(
            "after must be the \"next\" of a page of dead letters, was \"%s\"".formatted(text), e);
      }
    }

    static String of(DeadLetter letter) {
      String text = letter.parkedAt() + " " + letter.messageId() + " " + letter.consumer();
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  public DeadLetterPage {
    letters = List.copyOf(letters);
  }

  /**
   * Makes one page of pages that begin at the same place in several databases.
   *
   * @param limit most letters of the page, as each of the others was asked for
   */
  public static DeadLetterPage merge(List<DeadLetterPage> pages, int limit) {
    List<DeadLetter> letters =
        pages.stream().flatMap(page -> page.letters().stream()).sorted(ORDER).toList();
    boolean more = letters.size() > limit || pages.stream().anyMatch(page -> page.next() != null);
    return of(letters.subList(0, Math.min(limit, letters.size())), more);
  }

  static DeadLetterPage of(List<DeadLetter> letters, boolean more) {
    return new DeadLetterPage(letters, more ? Cursor.of(letters.get(letters.size() - 1)) : null);
  }
}
