package dev.evenkeel.testing.saga;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** The sessions of a process that can end at any time. */
final class MortalDataSource extends DelegatingDataSource {

  private final Set<Connection> sessions = ConcurrentHashMap.newKeySet();
  private volatile boolean dead;

  MortalDataSource(DataSource target) {
    super(target);
  }

  @Override
  public Connection getConnection() throws SQLException {
    if (dead) {
      throw new SQLTransientConnectionException("The process has ended");
    }
    sessions.removeIf(MortalDataSource::isClosed);
    Connection session = super.getConnection();
    sessions.add(session);
    if (dead) { // meanwhile
      end(session);
    }
    return session;
  }

  /** Ends all sessions; what they had not committed is rolled back. */
  void die() {
    dead = true;
    sessions.forEach(MortalDataSource::end);
  }

  private static boolean isClosed(Connection session) {
    try {
      return session.isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  private static void end(Connection session) {
    try {
      session.abort(Runnable::run);
    } catch (SQLException e) {
      // it is gone as it is
    }
  }
}
