package dev.evenkeel.relay;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A {@code pg_snapshot}: which transactions were finished when it was taken.
 *
 * @param text as PostgreSQL writes it, {@code xmin:xmax:xip,...}
 * @param xmin every older transaction had ended
 * @param xmax this and every newer transaction had not
 * @param inProgress those in between that had not, ascending
 */
@SuppressWarnings("ArrayRecordComponent") // compared by the text, never handed out
record PgSnapshot(String text, long xmin, long xmax, long[] inProgress) {

  static PgSnapshot parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("not a pg_snapshot: " + text);
    }
    long[] inProgress =
        parts[2].isEmpty()
            ? new long[0]
            : Arrays.stream(parts[2].split(",")).mapToLong(Long::parseLong).toArray();
    return new PgSnapshot(text, Long.parseLong(parts[0]), Long.parseLong(parts[1]), inProgress);
  }

  /** Those in between, as an array for a statement. */
  Long[] inProgressIds() {
    return Arrays.stream(inProgress).boxed().toArray(Long[]::new);
  }

  /** Whether that transaction, known to have committed, was visible. */
  boolean sees(long xid) {
    if (xid < xmin) {
      return true;
    }
    return xid < xmax && Arrays.binarySearch(inProgress, xid) < 0;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PgSnapshot that && text.equals(that.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
