package dev.evenkeel.autoconfigure.participants;

/**
 * The command.
 *
 * @param account to charge; the saga lives with it
 * @param shelf where the goods lie
 */
record Purchase(String id, String account, String shelf) {

  /** What the ledger is asked for. */
  record Charge(String id, String account) {}

  /** What the ledger answers. */
  record Charged(String account) {}

  /** What the depot is asked for. */
  record Pack(String id, String shelf) {}

  /** What the depot answers. */
  record Packed(String parcel) {}

  /** What the depot is asked for once it is certain. */
  record Send(String parcel, String id, String shelf) {}
}
