package dev.evenkeel.bench;

/**
 * Evenkeel beside outboxes and sagas of others, each from its published artifact in a process and
 * with a class path of its own, ours in one as well; on the same server, with the same load, in
 * turns.
 */
final class PeersScenario implements Scenario {

  static final String NAME = "peers";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void run(Options options, Results results) throws Exception {
    new OutboxPeers(options, results).run();
    if (options.wants(SagaPeers.PART)) {
      new SagaPeers(options, results).run();
    }
  }
}
