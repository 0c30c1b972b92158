package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.sample.orders.HttpApi;
import dev.evenkeel.sample.orders.crash.Child;
import dev.evenkeel.sample.orders.crash.ChildProcess;
import dev.evenkeel.sample.orders.crash.JournalReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A place for one process after the other, each with a name of its own. Whoever hurts it takes its
 * lock, so that nobody stops what somebody else starts.
 */
final class Node {

  private final Installation installation;
  private final String name;
  private final Path folder;
  private final JournalReader journal;
  private final ReentrantLock lock = new ReentrantLock(true);
  private volatile ChildProcess process;
  private int started;
  private boolean upgraded;

  Node(Installation installation, String name, Path folder, JournalReader journal) {
    this.installation = installation;
    this.name = name;
    this.folder = folder;
    this.journal = journal;
    this.process = launch();
  }

  private ChildProcess launch() {
    started++;
    String unique = "%s.%d".formatted(name, started);
    List<String> arguments = new ArrayList<>(installation.arguments(name, unique));
    if (upgraded) {
      arguments.add(ProvenChild.UPGRADED);
    }
    if (installation.mode() != Mode.SPLIT || name.equals("warehouses")) {
      arguments.add(ProvenChild.HANDLES);
    }
    return ChildProcess.start(
        ProvenChild.class,
        unique,
        folder.resolve("journal"),
        journal,
        arguments,
        folder.resolve(name + ".log"));
  }

  ReentrantLock lock() {
    return lock;
  }

  String name() {
    return name;
  }

  /** The one that runs, or ran last. */
  ChildProcess process() {
    return process;
  }

  /** How the present process is called. */
  String owner() {
    return process.node();
  }

  /** Starts the next one. */
  void restart() {
    process = launch();
    process.awaitReady();
  }

  /** Has every process from now on know the next version of the saga. */
  void upgrade() {
    upgraded = true;
  }

  void tell(Child.Command command, String... words) {
    process.send(command, words);
  }

  HttpApi http() {
    return new HttpApi(process.port());
  }
}
