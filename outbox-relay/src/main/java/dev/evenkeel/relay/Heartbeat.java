package dev.evenkeel.relay;

import org.jspecify.annotations.Nullable;

/**
 * Says what is published once everything before it is acknowledged. From the WAL it is a
 * transactional logical message that carries a snapshot: every transaction visible in the snapshot
 * committed before the heartbeat did. A relay that polls makes one at the end of each window.
 *
 * @param snapshot what is published
 * @param emittedAt everything appended before it is seen by the snapshot; the database's clock, as
 *     PostgreSQL writes it; null: not known
 * @param origin which engine session wrote it; a reconciliation ends only with one of its own
 */
record Heartbeat(PgSnapshot snapshot, @Nullable String emittedAt, String origin) {

  /** Reads what {@link Term#emitHeartbeat} wrote; null for anything else. */
  static @Nullable Heartbeat parse(String content) {
    String[] parts = content.split("\\|", 3);
    try {
      return parts.length == 3
          ? new Heartbeat(PgSnapshot.parse(parts[0]), parts[1], parts[2])
          : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
