package dev.evenkeel.relay.crash;

/** A point of a reconciliation at which a process can end. */
enum Boundary {
  BEFORE_GAP_WRITTEN("INSERT INTO evenkeel.relay_gap", false),
  AFTER_GAP_WRITTEN("INSERT INTO evenkeel.relay_gap", true),
  BEFORE_RECONCILING("SET reconciling = true", false),
  AFTER_RECONCILING("SET reconciling = true", true),
  BEFORE_SLOT("pg_create_logical_replication_slot", false),
  AFTER_SLOT("pg_create_logical_replication_slot", true),
  BEFORE_POSITION("SET witness_lsn = ?::pg_lsn, incarnation", false),
  AFTER_POSITION("SET witness_lsn = ?::pg_lsn, incarnation", true),
  BEFORE_X("SELECT pg_current_xact_id()", false),
  AFTER_X("SELECT pg_current_xact_id()", true),
  /** After one of the rows, which one is drawn. */
  ROW_SENT("a row is sent", true),
  BEFORE_CLEARED("SET repaired_at = clock_timestamp()", false),
  /** What clears has been executed, and its transaction has not committed. */
  WITHIN_CLEARED("SET repaired_at = clock_timestamp()", true),
  AFTER_CLEARED("the end of the reconciliation is committed", true);

  private final String statement;
  private final boolean after;

  Boundary(String statement, boolean after) {
    this.statement = statement;
    this.after = after;
  }

  boolean isBefore(String sql) {
    return !after && sql.contains(statement);
  }

  boolean isAfter(String sql) {
    return after && sql.contains(statement);
  }
}
