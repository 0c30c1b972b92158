package dev.evenkeel.testing.database;

import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/** A container of the official image, removed by Testcontainers when the JVM has gone. */
record ContainerDatabaseSource(ExternalDatabaseSource delegate) implements DatabaseSource {

  static ContainerDatabaseSource start(boolean fsync) {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      throw new PostgresException(
          "%s=testcontainers needs a container engine, and none was reachable: start one, or drop"
                  .formatted(TestDatabase.SOURCE_PROPERTY)
              + " the property to use the binaries on the class path");
    }
    return new ContainerDatabaseSource(connect(launch(fsync)));
  }

  @SuppressWarnings("resource") // Testcontainers removes it with the JVM.
  private static PostgreSQLContainer launch(boolean fsync) {
    PostgreSQLContainer container =
        new PostgreSQLContainer("postgres:" + ServerVersion.expectedMajor())
            .withCommand(
                "postgres",
                "-c",
                "wal_level=logical",
                "-c",
                "max_replication_slots=40",
                "-c",
                "max_wal_senders=40",
                "-c",
                "max_connections=200",
                "-c",
                "fsync=" + (fsync ? "on" : "off"));
    container.start();
    return container;
  }

  private static ExternalDatabaseSource connect(PostgreSQLContainer container) {
    return ExternalDatabaseSource.of(
        container.getJdbcUrl(), container.getUsername(), container.getPassword());
  }

  @Override
  public DatabaseInfo database(String name) {
    return delegate.database(name);
  }

  @Override
  public DatabaseInfo maintenance() {
    return delegate.maintenance();
  }

  @Override
  public boolean outlivesJvm() {
    return false;
  }
}
