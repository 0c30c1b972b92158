package dev.evenkeel.bench;

import dev.evenkeel.outbox.OutboxEvent;

/**
 * The event of the failover scenario: order is to be kept per account.
 *
 * @param number its number among all, from 1, drawn before its transaction begins
 * @param sequence its number in its account, from 1, in commit order
 */
@OutboxEvent(type = "account-moved", aggregateType = "account", key = "account")
record AccountMoved(long number, int account, long sequence) {

  static final String TABLE =
      """
      CREATE TABLE account_moved (
          number   bigint NOT NULL,
          account  int    NOT NULL,
          sequence bigint NOT NULL
      )
      """;

  /** Finds what came after a kill; not unique, so that a second effect of an event is seen. */
  static final String INDEX = "CREATE INDEX ON account_moved (number)";

  static final String INSERT =
      "INSERT INTO account_moved (number, account, sequence) VALUES (?, ?, ?)";
}
