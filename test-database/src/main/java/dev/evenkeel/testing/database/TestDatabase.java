package dev.evenkeel.testing.database;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One PostgreSQL server per JVM, and as many fresh databases on it as tests ask for. The server
 * starts with the first call of {@link #shared()} and ends with the JVM; logical decoding is on.
 *
 * <p>The system property {@value #SOURCE_PROPERTY} says where the server comes from:
 *
 * <ul>
 *   <li>absent or empty: the binaries on the class path, as {@link PostgresServer} runs them;
 *   <li>a URL {@code jdbc:postgresql://host/database}: a server that runs already, reached as
 *       {@value #USERNAME_PROPERTY} with {@value #PASSWORD_PROPERTY} (default {@code postgres} for
 *       both), a superuser or a role that may create databases and replication slots; it needs
 *       {@code wal_level=logical};
 *   <li>{@code testcontainers}: a container of the official image. This needs Testcontainers'
 *       PostgreSQL module on the class path and a container engine. The project's continuous
 *       integration does not take this path.
 * </ul>
 *
 * <p>Thread-safe.
 */
public final class TestDatabase {

  /** System property that names the server's source. */
  public static final String SOURCE_PROPERTY = "evenkeel.test.database";

  /** System property with the role for a server that runs already. */
  public static final String USERNAME_PROPERTY = "evenkeel.test.database.username";

  /** System property with the password for a server that runs already. */
  public static final String PASSWORD_PROPERTY = "evenkeel.test.database.password";

  /**
   * System property that turns {@code fsync} off for a server that is started here; default {@code
   * true}, so that timings mean something.
   */
  public static final String FSYNC_PROPERTY = "evenkeel.test.database.fsync";

  private static final Logger log = LoggerFactory.getLogger(TestDatabase.class);

  private static @Nullable TestDatabase shared;

  private final DatabaseSource source;
  private final DatabaseCatalogue catalogue;
  private final String prefix;
  private final AtomicInteger created = new AtomicInteger();
  private final Set<String> toDrop = ConcurrentHashMap.newKeySet();

  TestDatabase(DatabaseSource source) {
    this.source = source;
    this.catalogue = new DatabaseCatalogue(source.maintenance());
    // Others may use the same server.
    this.prefix =
        source.outlivesJvm()
            ? "test_%s_".formatted(UUID.randomUUID().toString().substring(0, 8))
            : "test_";
    if (source.outlivesJvm()) {
      Runtime.getRuntime().addShutdownHook(new Thread(this::dropAll, "database-cleanup"));
    }
  }

  /**
   * This JVM's server, started when it does not run yet.
   *
   * @throws PostgresException when it can't be started or reached
   */
  public static synchronized TestDatabase shared() {
    if (shared == null) {
      shared = new TestDatabase(source());
    }
    return shared;
  }

  /** Creates an empty database with a name of its own. */
  public DatabaseInfo createDatabase() {
    String name = prefix + created.incrementAndGet();
    catalogue.create(name);
    toDrop.add(name);
    return source.database(name);
  }

  /** Ends all sessions of a database, drops its replication slots and then the database. */
  public void dropDatabase(DatabaseInfo database) {
    catalogue.drop(database.name());
    toDrop.remove(database.name());
  }

  /** The database that exists from the start, for administration. */
  public DatabaseInfo maintenanceDatabase() {
    return source.maintenance();
  }

  /** The server's major version, such as 18. */
  public int major() {
    return ServerVersion.major(source.maintenance().dataSource());
  }

  /** Drops what was created here and not dropped since. */
  void dropAll() {
    for (String name : toDrop) {
      try {
        catalogue.drop(name);
      } catch (PostgresException e) {
        log.warn("The database {} stays on {}", name, source.maintenance(), e);
      }
    }
  }

  private static DatabaseSource source() {
    String source = System.getProperty(SOURCE_PROPERTY, "");
    boolean fsync = Boolean.parseBoolean(System.getProperty(FSYNC_PROPERTY, "true"));
    return switch (source) {
      case "" -> EmbeddedDatabaseSource.start(fsync);
      case "testcontainers" -> container(fsync);
      default ->
          ExternalDatabaseSource.of(
              source,
              System.getProperty(USERNAME_PROPERTY, "postgres"),
              System.getProperty(PASSWORD_PROPERTY, "postgres"));
    };
  }

  private static DatabaseSource container(boolean fsync) {
    try {
      return ContainerDatabaseSource.start(fsync);
    } catch (NoClassDefFoundError e) {
      throw new PostgresException(
          "%s=testcontainers needs org.testcontainers:testcontainers-postgresql on the class path"
              .formatted(SOURCE_PROPERTY),
          e);
    }
  }
}
