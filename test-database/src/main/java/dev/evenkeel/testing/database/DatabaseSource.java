package dev.evenkeel.testing.database;

/** Where the shared server comes from. */
sealed interface DatabaseSource
    permits EmbeddedDatabaseSource, ContainerDatabaseSource, ExternalDatabaseSource {

  /** How to reach a database of the server, whether it exists or not. */
  DatabaseInfo database(String name);

  /** The database that exists from the start. */
  DatabaseInfo maintenance();

  /** Whether the server outlives this JVM, so that its databases must be dropped. */
  boolean outlivesJvm();
}
