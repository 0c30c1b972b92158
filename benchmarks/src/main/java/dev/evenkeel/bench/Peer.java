package dev.evenkeel.bench;

import java.util.Arrays;
import java.util.List;

/**
 * The outboxes of others. {@code benchmarks/peers} holds the programs and says how each is set up.
 */
enum Peer {
  GRUELBOX("gruelbox", "4.2.268", "gruelbox.GruelboxPeer"),
  NAMASTACK("namastack", "1.6.0", "namastack.NamastackPeer"),
  MODULITH("modulith", "2.1.1", "modulith.ModulithPeer"),
  DB_SCHEDULER("db-scheduler", "16.12.0", "dbscheduler.DbSchedulerPeer");

  private static final String PACKAGE = "dev.evenkeel.bench.peers.";

  private final String label;
  private final String version;
  private final String main;

  Peer(String label, String version, String main) {
    this.label = label;
    this.version = version;
    this.main = PACKAGE + main;
  }

  static List<Peer> all() {
    return Arrays.asList(values());
  }

  /** In results, and the folder of its program. */
  String label() {
    return label;
  }

  /** As its {@code pom.xml} has it. */
  String version() {
    return version;
  }

  String main() {
    return main;
  }
}
