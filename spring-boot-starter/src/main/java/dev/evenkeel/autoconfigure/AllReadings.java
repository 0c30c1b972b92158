package dev.evenkeel.autoconfigure;

import java.util.List;

/** The readings of every installation, sorted by name. */
record AllReadings(List<OutboxReadings> all) {

  AllReadings {
    all = List.copyOf(all);
  }
}
