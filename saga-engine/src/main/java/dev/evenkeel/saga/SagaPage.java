package dev.evenkeel.saga;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A page of instances, those started last coming first. The order is the same in every database, so
 * that pages of several can be merged: by instant, then by id.
 *
 * @param sagas at most as many as asked for
 * @param next what to ask for the page behind this one; null when this is the last
 * @param stopped whether the search stopped before it had filled the page, because it had examined
 *     as many instances as one call may; the page behind goes on where it stopped
 * @param missing home shards that did not answer, whose instances are not on the page
 */
public record SagaPage(
    List<SagaStatus> sagas, @Nullable String next, boolean stopped, List<String> missing) {

  public SagaPage {
    sagas = List.copyOf(sagas);
    missing = List.copyOf(missing);
  }

  /** Where an instance stands in the order, or a search stopped. */
  record Position(Instant createdAt, UUID id) implements Comparable<Position> {

    /** Before all others. */
    static final Position FIRST =
        new Position(Instant.parse("9999-01-01T00:00:00Z"), new UUID(-1L, -1L));

    private static final Comparator<Position> NEWEST_FIRST =
        Comparator.comparing(Position::createdAt)
            // As PostgreSQL compares them: UUID.compareTo takes the halves for signed numbers.
            .thenComparing(position -> position.id().toString())
            .reversed();

    static Position of(SagaStatus saga) {
      return new Position(saga.createdAt(), saga.id());
    }

    /**
     * Reads {@link SagaPage#next()}.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static Position parse(String text) {
      try {
        String[] parts =
            new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split(" ", 2);
        Instant createdAt = Instant.parse(parts[0]);
        if (createdAt.isBefore(Instant.EPOCH) || createdAt.isAfter(FIRST.createdAt())) {
          throw new IllegalArgumentException("no saga was started then");
        }
        return new Position(createdAt, UUID.fromString(parts[1]));
      } catch (IllegalArgumentException | DateTimeException | IndexOutOfBoundsException e) {
        throw new IllegalArgumentException(
            "after must be the \"next\" of a page of sagas, was \"%s\"".formatted(text), e);
      }
    }

    String text() {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString((createdAt + " " + id).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public int compareTo(Position other) {
      return NEWEST_FIRST.compare(this, other);
    }
  }

  /**
   * What one walk has found, in the order of pages.
   *
   * @param stoppedAt the last instance that was examined, if there may be others; else null
   */
  record Found(List<SagaStatus> sagas, @Nullable Position stoppedAt) {

    /** Walks that are in the same order; what lies behind a place where one stopped is left out. */
    static Found merge(List<Found> walks) {
      Position stop = null;
      for (Found walk : walks) {
        Position at = walk.stoppedAt();
        if (at != null && (stop == null || at.compareTo(stop) < 0)) {
          stop = at;
        }
      }
      Position last = stop;
      List<SagaStatus> all = new ArrayList<>();
      walks.stream()
          .flatMap(walk -> walk.sagas().stream())
          .filter(saga -> last == null || Position.of(saga).compareTo(last) <= 0)
          .sorted(Comparator.comparing(Position::of))
          .forEach(
              saga -> {
                // One that is stuck and has turned back is found by two walks.
                if (all.isEmpty() || !all.get(all.size() - 1).id().equals(saga.id())) {
                  all.add(saga);
                }
              });
      return new Found(all, last);
    }

    SagaPage page(int limit, List<String> missing) {
      if (sagas.size() > limit) {
        return new SagaPage(
            sagas.subList(0, limit), Position.of(sagas.get(limit - 1)).text(), false, missing);
      }
      return new SagaPage(
          sagas, stoppedAt == null ? null : stoppedAt.text(), stoppedAt != null, missing);
    }
  }
}
