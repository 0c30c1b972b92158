package dev.evenkeel.sample.orders.audit;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;

/**
 * Reads all shards and says whether what the sagas did adds up. Needs neither the application nor
 * the framework to run. Thread-safe.
 *
 * <p>Each shard is read in one snapshot, the shards one after the other. Rules that compare shards
 * are looked at when all sagas rest and none has moved in between.
 */
public final class SagaAudit {

  /** Most orders, lines or entries that one audit takes into memory from a shard. */
  static final int MOST_ROWS = 500_000;

  /** Most violations that are reported; more say nothing new. */
  static final int MOST_VIOLATIONS = 200;

  private final Map<String, DataSource> shards;
  private final ShardReader reader;

  /**
   * Makes an audit.
   *
   * @param shards all databases of the application, by name
   * @param schema of the framework's tables
   */
  public SagaAudit(Map<String, DataSource> shards, String schema) {
    this.shards = new TreeMap<>(shards);
    this.reader = new ShardReader(schema);
  }

  /**
   * Reads and judges.
   *
   * @throws SQLException if a shard does not answer
   * @throws IllegalStateException if a shard has more than {@value MOST_ROWS} rows of a kind
   */
  public AuditReport run() throws SQLException {
    List<Pulse> before = pulses();
    Ledger ledger = new Ledger();
    for (Map.Entry<String, DataSource> shard : shards.entrySet()) {
      reader.read(shard.getKey(), shard.getValue(), ledger);
    }
    boolean quiescent = before.stream().allMatch(Pulse::rests) && before.equals(pulses());
    List<Violation> violations = new Judgement(ledger).violations(quiescent);
    return new AuditReport(
        quiescent, violations.subList(0, Math.min(violations.size(), MOST_VIOLATIONS)));
  }

  private List<Pulse> pulses() throws SQLException {
    List<Pulse> pulses = new ArrayList<>();
    for (DataSource shard : shards.values()) {
      pulses.add(reader.pulse(shard));
    }
    return pulses;
  }
}
