package dev.evenkeel.relay.crash;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/** A way to change state and to tell others. */
interface WritePath {

  /** Names the state that {@link #outbox} changes. */
  String OUTBOX = "outbox";

  /** Names the state that {@link #dualWrite} changes. */
  String DUAL_WRITE = "dual-write";

  /**
   * Raises the version of each key and tells every new version.
   *
   * @param raises by how much, sorted, so that rows are locked in one order
   */
  void write(SortedMap<String, Integer> raises);

  /** State and messages in one transaction. */
  static WritePath outbox(Application application) {
    return raises ->
        application
            .transactions()
            .executeWithoutResult(
                status ->
                    change(application.tables(), OUTBOX, raises, application.outbox()::append));
  }

  /** First the state, then, once it is committed, the others: a table here stands for a broker. */
  static WritePath dualWrite(Application application) {
    return raises -> {
      List<Counted> events = new ArrayList<>();
      application
          .transactions()
          .executeWithoutResult(
              status -> change(application.tables(), DUAL_WRITE, raises, events::add));
      application.tables().tell(events);
    };
  }

  private static void change(
      BusinessTables tables,
      String kind,
      SortedMap<String, Integer> raises,
      Consumer<Counted> tell) {
    raises.forEach(
        (key, by) -> {
          long version = tables.advance(kind, key, by);
          LongStream.rangeClosed(version - by + 1, version)
              .mapToObj(v -> new Counted(key, v))
              .forEach(tell);
        });
    tables.written(kind, raises.values().stream().mapToInt(Integer::intValue).sum());
  }
}
