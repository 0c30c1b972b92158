package dev.evenkeel.testing.database;

import java.nio.file.Path;

/**
 * Runs a server on a given data folder until the JVM is killed; the test starts it as a program.
 */
final class ServerProcess {

  static final String READY = "ready ";

  private ServerProcess() {}

  public static void main(String[] arguments) throws InterruptedException {
    PostgresServer.Builder builder = PostgresServer.builder();
    if (arguments.length > 0) {
      builder.dataDirectory(Path.of(arguments[0]));
    }
    PostgresServer server = builder.start();
    System.out.println(READY + server.pid() + " " + server.dataDirectory());
    Thread.currentThread().join();
  }
}
