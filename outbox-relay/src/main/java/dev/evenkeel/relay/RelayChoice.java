package dev.evenkeel.relay;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Who is to relay in a term.
 *
 * @param owner who
 * @param reason why, a sentence for operators
 */
record RelayChoice(RelayOwner owner, String reason) {

  /**
   * Made at the beginning of a term and kept for all of it: each change of the owner is a
   * reconciliation, so a server whose settings are being worked on must not cause one each second.
   */
  static RelayChoice of(RelayMode mode, String schema, Connection session) throws SQLException {
    return switch (mode) {
      case CDC -> new RelayChoice(RelayOwner.EMBEDDED, "evenkeel.relay.mode is cdc");
      case POLLING -> new RelayChoice(RelayOwner.POLLING, "evenkeel.relay.mode is polling");
      case CONNECT -> new RelayChoice(RelayOwner.CONNECT, "evenkeel.relay.mode is connect");
      case AUTO -> {
        List<RelayFinding> lacks = new SlotDoctor(schema).lacks(session);
        yield lacks.isEmpty()
            ? new RelayChoice(
                RelayOwner.EMBEDDED, "evenkeel.relay.mode is auto, and the WAL can be read")
            : new RelayChoice(
                RelayOwner.POLLING,
                "evenkeel.relay.mode is auto, and the WAL can't be read: "
                    + lacks.stream().map(RelayFinding::toString).collect(Collectors.joining("; ")));
      }
    };
  }
}
