package dev.evenkeel.autoconfigure;

import dev.evenkeel.relay.ConnectionSettings;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database that an installation lives in.
 *
 * @param name of the installation: {@code home}, or the shard's
 * @param dataSource leads to this database whoever asks
 * @param relay how the relay connects; null where this process does not relay
 */
record InstallationDatabase(
    String name, DataSource dataSource, @Nullable ConnectionSettings relay) {

  /** Name of the only installation of an application without shards. */
  static final String HOME = "home";
}
