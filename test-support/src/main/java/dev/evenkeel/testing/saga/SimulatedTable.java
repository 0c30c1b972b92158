package dev.evenkeel.testing.saga;

import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * A table of a {@link SimulatedStore}.
 *
 * @param <K> what makes a row unique
 * @param <R> the rows
 */
public final class SimulatedTable<K, R> {

  private final SimulatedStore store;
  private final String name;
  private final Class<R> row;
  private final Function<R, K> id;
  private final ToIntFunction<R> slot;

  SimulatedTable(
      SimulatedStore store, String name, Class<R> row, Function<R, K> id, ToIntFunction<R> slot) {
    this.store = store;
    this.name = name;
    this.row = row;
    this.id = id;
    this.slot = slot;
  }

  /**
   * A row; empty for none.
   *
   * @throws IllegalStateException if it is on another slot than the step's transaction
   */
  public Optional<R> find(K key) {
    byte[] stored = store.find(name, text(key));
    return stored == null ? Optional.empty() : Optional.of(SimulatedStore.read(stored, row));
  }

  /**
   * A row that has to be there.
   *
   * @throws NoSuchElementException if it is not
   * @throws IllegalStateException if it is on another slot than the step's transaction
   */
  public R get(K key) {
    return find(key)
        .orElseThrow(
            () -> new NoSuchElementException("Table \"%s\" has no row %s".formatted(name, key)));
  }

  /**
   * Inserts or replaces a row.
   *
   * @throws IllegalStateException if it is on another slot than the step's transaction
   */
  public void save(R changed) {
    store.save(name, text(id.apply(changed)), slot.applyAsInt(changed), changed);
  }

  /**
   * Deletes a row if it is there.
   *
   * @throws IllegalStateException if it is on another slot than the step's transaction
   */
  public void delete(K key) {
    store.delete(name, text(key));
  }

  /** All rows, by the text of their ids; in a step those of its slot. */
  public List<R> all() {
    return store.all(name).stream().map(stored -> SimulatedStore.read(stored, row)).toList();
  }

  private static String text(Object key) {
    return String.valueOf(key);
  }
}
