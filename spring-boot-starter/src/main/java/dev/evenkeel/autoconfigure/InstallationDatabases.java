package dev.evenkeel.autoconfigure;

import java.util.List;

/** All databases of the application, sorted by name. */
record InstallationDatabases(List<InstallationDatabase> all) {

  InstallationDatabases {
    all = List.copyOf(all);
  }
}
