package dev.evenkeel.testing.database;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server of one's own, from the binaries on the class path: for tests that stop it
 * hard, restart it or look at its process, and for applications that bring their database along.
 *
 * <p>It listens on the loopback interface only and trusts who connects there. It runs as processes
 * beside the JVM. A server ends with the JVM unless {@link Builder#keepRunning()} says otherwise.
 * After a JVM was killed its server may live on; the next server on the same data folder stops it
 * first, and temporary folders are cleared by the next temporary server.
 *
 * <p>Thread-safe: starting and stopping exclude each other.
 */
public final class PostgresServer implements AutoCloseable {

  /** How a server is stopped. */
  public enum Mode {
    /** Ends the sessions, rolls back their transactions and shuts down cleanly. */
    FAST,
    /** Ends without a checkpoint, as in a crash: the next start recovers from the WAL. */
    IMMEDIATE;

    String argument() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final Logger log = LoggerFactory.getLogger(PostgresServer.class);
  private static final String SUPERUSER = "postgres";
  private static final String MAINTENANCE_DATABASE = "postgres";

  /** Folders whose files a copy starts without. */
  private static final Set<String> NOT_COPIED = Set.of("pg_replslot", "pg_stat_tmp");

  private static final int PORT_TRIALS = 3;
  private static final int FOLDER_TRIALS = 5;

  private final Path dataDirectory;
  private final boolean temporary;
  private final DirectoryLock lock;
  private final PostgresCommands commands;
  private final PostmasterFile postmaster;
  private final Path serverLog;
  private final Map<String, String> settings;
  private final int requestedPort;
  private int port;
  private boolean closed;

  private PostgresServer(Path dataDirectory, DirectoryLock lock, Builder builder) {
    this.dataDirectory = dataDirectory;
    this.temporary = builder.dataDirectory == null;
    this.lock = lock;
    this.serverLog = dataDirectory.resolveSibling(dataDirectory.getFileName() + ".log");
    this.commands = new PostgresCommands(PostgresBinaries.unpacked(), dataDirectory, serverLog);
    this.postmaster = new PostmasterFile(dataDirectory);
    this.settings = new LinkedHashMap<>(builder.settings);
    this.requestedPort = builder.port;
    this.port = builder.port;
  }

  /** A server with default settings, a free port and a temporary data folder. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts a stopped server again, on the same port and data folder, and waits until it accepts
   * connections. Does nothing when it runs.
   */
  public synchronized void start() {
    if (closed) {
      throw new PostgresException("The server on %s is closed".formatted(dataDirectory));
    }
    if (isRunning()) {
      return;
    }
    initialise();
    postmaster.removeWhenReused();
    launch();
    log.info("PostgreSQL runs on port {} in {}, process {}", port, dataDirectory, pid());
  }

  private void initialise() {
    try {
      if (!Files.exists(dataDirectory.resolve("PG_VERSION"))) {
        commands.initialise(SUPERUSER);
      }
      WorkDirectory.restrictToOwner(dataDirectory);
    } catch (IOException e) {
      throw new PostgresException(
          "The data folder %s could not be prepared".formatted(dataDirectory), e);
    }
  }

  private void launch() {
    PostgresCommands.Result result = tryLaunch();
    // Another process may take a free port between our look and the server's.
    for (int trial = 1; !result.succeeded() && portWasTaken(trial); trial++) {
      port = 0;
      result = tryLaunch();
    }
    if (!result.succeeded()) {
      throw new PostgresException(result.message() + System.lineSeparator() + logTail());
    }
  }

  private PostgresCommands.Result tryLaunch() {
    if (port == 0) {
      port = freePort();
    }
    Map<String, String> all = new LinkedHashMap<>();
    all.put("listen_addresses", "127.0.0.1");
    all.put("unix_socket_directories", "");
    all.putAll(settings);
    all.put("port", String.valueOf(port));
    new PostgresConfiguration(dataDirectory).write(all);
    deleteLog();
    return commands.start();
  }

  private boolean portWasTaken(int trial) {
    return requestedPort == 0 && trial < PORT_TRIALS && logTail().contains("could not bind");
  }

  /**
   * Stops the server and waits until it has gone; the data folder stays. Does nothing when it does
   * not run.
   */
  public synchronized void stop(Mode mode) {
    if (isRunning()) {
      commands.stop(mode);
      log.info("PostgreSQL in {} stopped ({})", dataDirectory, mode);
    }
  }

  /** Stops cleanly and starts again on the same port and data folder. */
  public synchronized void restart() {
    stop(Mode.FAST);
    start();
  }

  /** Whether the server's main process lives. */
  public boolean isRunning() {
    return postmaster.server().isPresent();
  }

  /**
   * The process id of the server's main process.
   *
   * @throws PostgresException when the server does not run
   */
  public long pid() {
    return postmaster
        .server()
        .orElseThrow(() -> new PostgresException("No server runs on %s".formatted(dataDirectory)))
        .pid();
  }

  /**
   * Ends the recovery of a standby: from here on it is a primary of its own, in a new timeline.
   *
   * @throws PostgresException when it is none, or does not become one within a minute
   */
  public void promote() {
    new DatabaseCatalogue(maintenanceDatabase()).promote();
  }

  /** Copies the data folder as a base backup does, without what belongs to this server alone. */
  private synchronized void copyTo(Path copy) {
    boolean wasRunning = isRunning();
    stop(Mode.FAST);
    try {
      WorkDirectory.copy(dataDirectory, copy, NOT_COPIED);
      Files.createFile(copy.resolve("standby.signal"));
    } catch (IOException e) {
      throw new PostgresException(
          "The data folder %s could not be copied to %s".formatted(dataDirectory, copy), e);
    } finally {
      if (wasRunning) {
        start();
      }
    }
  }

  /** The TCP port on the loopback interface; restarts keep it. */
  public synchronized int port() {
    return port;
  }

  /** The data folder (PGDATA). Copy it only while the server is stopped. */
  public Path dataDirectory() {
    return dataDirectory;
  }

  /** What the server has logged since its last start. */
  public Path logFile() {
    return serverLog;
  }

  /** The JDBC URL of one database of this server. */
  public String jdbcUrl(String database) {
    return jdbcUrl(port(), database);
  }

  private static String jdbcUrl(int port, String database) {
    return "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port, database);
  }

  /** How to reach a database of this server as its superuser, whether it exists or not. */
  public DatabaseInfo database(String name) {
    return database(port(), name);
  }

  static DatabaseInfo database(int port, String name) {
    return new DatabaseInfo(name, jdbcUrl(port, name), SUPERUSER, SUPERUSER);
  }

  /** The database that every server has, for administration. */
  public DatabaseInfo maintenanceDatabase() {
    return maintenanceDatabase(port());
  }

  static DatabaseInfo maintenanceDatabase(int port) {
    return database(port, MAINTENANCE_DATABASE);
  }

  /** Creates the database unless it exists. */
  public DatabaseInfo createDatabase(String name) {
    new DatabaseCatalogue(maintenanceDatabase()).createIfMissing(name);
    return database(name);
  }

  /** The server's major version, such as 18. */
  public int major() {
    return ServerVersion.major(maintenanceDatabase().dataSource());
  }

  /**
   * Stops the server for good. A temporary data folder is deleted, any other is shut down cleanly
   * and kept. May be called again.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    RunningServers.remove(this);
    try {
      stop(temporary ? Mode.IMMEDIATE : Mode.FAST);
      if (temporary) {
        TemporaryServers.delete(dataDirectory);
      }
    } finally {
      lock.close();
    }
  }

  /** Gives the data folder up and lets the server run: it is nobody's from here on. */
  synchronized void leave() {
    closed = true;
    RunningServers.remove(this);
    lock.close();
  }

  private void deleteLog() {
    try {
      Files.deleteIfExists(serverLog);
    } catch (IOException e) {
      throw new PostgresException("%s could not be deleted".formatted(serverLog), e);
    }
  }

  private String logTail() {
    try {
      List<String> lines = Files.exists(serverLog) ? Files.readAllLines(serverLog) : List.of();
      return String.join(
          System.lineSeparator(), lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    } catch (IOException e) {
      return "%s could not be read: %s".formatted(serverLog, e.getMessage());
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new PostgresException("No free port was found", e);
    }
  }

  /** Describes a server. Used once, by one thread. */
  public static final class Builder {

    private final Map<String, String> settings = new LinkedHashMap<>();
    private @Nullable Path dataDirectory;
    private int port;
    private boolean keepRunning;
    private @Nullable PostgresServer primary;

    private Builder() {
      // What the framework needs of any server: logical decoding, with room for many relays.
      setting("wal_level", "logical");
      setting("max_replication_slots", "40");
      setting("max_wal_senders", "40");
      setting("max_connections", "200");
    }

    /**
     * Keeps the data in this folder. It is initialised when it holds no cluster, and used as it is
     * when it does; it outlives the server.
     *
     * @param directory the folder (PGDATA); default: a temporary one, deleted at the end
     */
    public Builder dataDirectory(Path directory) {
      this.dataDirectory = directory.toAbsolutePath().normalize();
      return this;
    }

    /**
     * Listens on this port.
     *
     * @param tcpPort 1 to 65535, or 0 (default) for a free one
     */
    public Builder port(int tcpPort) {
      if (tcpPort < 0 || tcpPort > 65_535) {
        throw new IllegalArgumentException(
            "port must be between 0 and 65535, was %d".formatted(tcpPort));
      }
      this.port = tcpPort;
      return this;
    }

    /**
     * Sets one of PostgreSQL's settings, as in {@code postgresql.conf}. The last value for a name
     * wins. Defaults: {@code wal_level=logical}, 40 replication slots, 40 WAL senders, 200
     * connections; everything else as PostgreSQL has it, {@code fsync=on} included.
     */
    public Builder setting(String name, String value) {
      settings.put(name, value);
      return this;
    }

    /**
     * Begins as a copy of another server and follows it by streaming. The other one is stopped for
     * the copy and started again on its port; its own settings are not taken over. The standby may
     * be read, and promoted by {@link PostgresServer#promote()}.
     *
     * @param server the primary
     * @param name of the standby: as {@code application_name} it can be named in the primary's
     *     {@code synchronous_standby_names}, and as a physical replication slot, which is made on
     *     the primary, in {@code synchronized_standby_slots}
     */
    public Builder standbyOf(PostgresServer server, String name) {
      primary = server;
      setting(
          "primary_conninfo",
          "host=127.0.0.1 port=%d user=%s dbname=%s application_name=%s"
              .formatted(server.port(), SUPERUSER, MAINTENANCE_DATABASE, name));
      return setting("primary_slot_name", name);
    }

    /** Leaves the server running when the JVM ends and nobody has closed it. */
    public Builder keepRunning() {
      this.keepRunning = true;
      return this;
    }

    /**
     * Starts the server and waits until it accepts connections. A server that a killed JVM left
     * behind on the same folder is stopped first.
     *
     * @throws PostgresException when it does not start, or when a living JVM owns the folder
     */
    public PostgresServer start() {
      PostgresServer server = dataDirectory == null ? temporary() : on(dataDirectory);
      try {
        server.stop(Mode.FAST);
        if (primary != null) {
          primary.copyTo(server.dataDirectory);
          new DatabaseCatalogue(primary.maintenanceDatabase())
              .createPhysicalSlot(settings.getOrDefault("primary_slot_name", ""));
        }
        server.start();
      } catch (RuntimeException e) {
        server.closeAfter(e);
        throw e;
      }
      if (!keepRunning) {
        RunningServers.add(server);
      }
      return server;
    }

    private PostgresServer temporary() {
      TemporaryServers.sweep();
      // Another JVM's sweep may hold a new lock for a moment, and then delete it.
      for (int trial = 1; trial < FOLDER_TRIALS; trial++) {
        Path directory = TemporaryServers.newDataDirectory();
        Optional<DirectoryLock> lock = DirectoryLock.tryAcquire(directory);
        if (lock.isPresent()) {
          return new PostgresServer(directory, lock.get(), this);
        }
      }
      return on(TemporaryServers.newDataDirectory());
    }

    private PostgresServer on(Path directory) {
      DirectoryLock lock =
          DirectoryLock.tryAcquire(directory)
              .orElseThrow(
                  () ->
                      new PostgresException(
                          "The data folder %s is in use by a running JVM (%s is locked): stop that"
                                  .formatted(directory, DirectoryLock.fileFor(directory))
                              + " one, or choose another folder"));
      return new PostgresServer(directory, lock, this);
    }
  }

  private void closeAfter(RuntimeException failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
