package dev.evenkeel.testing.database;

/** The binaries on the class path, in a temporary folder. */
record EmbeddedDatabaseSource(PostgresServer server) implements DatabaseSource {

  static EmbeddedDatabaseSource start(boolean fsync) {
    return new EmbeddedDatabaseSource(
        PostgresServer.builder().setting("fsync", fsync ? "on" : "off").start());
  }

  @Override
  public DatabaseInfo database(String name) {
    return server.database(name);
  }

  @Override
  public DatabaseInfo maintenance() {
    return server.maintenanceDatabase();
  }

  @Override
  public boolean outlivesJvm() {
    return false;
  }
}
