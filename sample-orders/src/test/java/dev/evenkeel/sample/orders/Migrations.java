package dev.evenkeel.sample.orders;

import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.migration.JavaMigration;

/** The application's own migrations, without the application. */
public final class Migrations {

  private Migrations() {}

  /**
   * Runs them.
   *
   * @param upTo the last version to run, or {@code latest}
   * @param inJava those that are no SQL
   */
  public static void run(DataSource database, String upTo, JavaMigration... inJava) {
    Flyway.configure().dataSource(database).javaMigrations(inJava).target(upTo).load().migrate();
  }
}
