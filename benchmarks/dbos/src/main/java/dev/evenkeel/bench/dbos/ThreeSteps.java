package dev.evenkeel.bench.dbos;

/** The workflow, as DBOS wants it: an interface that it makes a proxy of. */
public interface ThreeSteps {

  /** Three steps, each of which inserts a row. */
  void run(long number) throws Exception;
}
