package dev.evenkeel.autoconfigure;

import java.util.List;

/** All databases of the application, sorted by name. */
record InstallationDatabases(List<InstallationDatabase> all) {

  InstallationDatabases {
    all = List.copyOf(all);
  }

  /**
   * The database of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  InstallationDatabase get(String name) {
    return all.stream()
        .filter(database -> database.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("No database is called " + name));
  }
}
