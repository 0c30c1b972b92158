package dev.evenkeel.relay;

import org.jspecify.annotations.Nullable;

/**
 * A heartbeat as the WAL brings it: a transactional logical message that carries a snapshot. Every
 * transaction visible in the snapshot committed before the heartbeat did, so once the heartbeat is
 * acknowledged in its place, all of them are published.
 *
 * @param snapshot taken in the heartbeat's own transaction
 * @param emittedAt the database's clock then, as PostgreSQL writes it
 * @param origin which engine session wrote it; a reconciliation ends only with one of its own
 */
record Heartbeat(PgSnapshot snapshot, String emittedAt, String origin) {

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
