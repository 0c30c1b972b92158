package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.Subscription;
import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.outbox.spi.PayloadStore;
import dev.evenkeel.outbox.spi.TransactionRouter;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The installations of the application, one per database. */
record Installations(List<Installation> all) {

  private static final Logger log = LoggerFactory.getLogger(Installations.class);

  Installations {
    all = List.copyOf(all);
  }

  static Installations of(
      InstallationDatabases databases,
      EvenkeelOptions options,
      TransactionRouter router,
      MessageObservers observers,
      TimeSource time,
      PayloadStore payloads) {
    return new Installations(
        databases.all().stream()
            .map(
                database ->
                    new Installation(
                        database,
                        new ParkedStore(
                            database.dataSource(),
                            options.schema(),
                            observers.observer(),
                            time,
                            payloads),
                        new ConsumerRegistry(database.dataSource(), options.schema()),
                        new InboxReceiver(
                            options.inbox(),
                            database.dataSource(),
                            router,
                            observers.observer(),
                            time,
                            payloads)))
            .toList());
  }

  /**
   * The installation of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  Installation get(String name) {
    return all.stream()
        .filter(installation -> installation.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("No installation is called " + name));
  }

  /** What is registered anywhere; installations that do not answer are left out. */
  Set<String> registered() {
    return overReachable(installation -> installation.registry().registered()).stream()
        .flatMap(Collection::stream)
        .map(Subscription::toString)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Retires a consumer everywhere; returns how many subscriptions ended. */
  int retire(String consumer) {
    return all.stream()
        .mapToInt(installation -> installation.registry().retire(List.of(consumer)))
        .sum();
  }

  /** Asks each installation; one that does not answer must not hide the others. */
  <T> List<T> overReachable(Function<Installation, T> question) {
    List<T> answers = new java.util.ArrayList<>();
    RuntimeException failure = null;
    for (Installation installation : all) {
      try {
        answers.add(question.apply(installation));
      } catch (RuntimeException e) {
        log.debug("Installation {} does not answer", installation.name(), e);
        failure = e;
      }
    }
    if (answers.isEmpty() && failure != null) {
      throw failure;
    }
    return answers;
  }
}
