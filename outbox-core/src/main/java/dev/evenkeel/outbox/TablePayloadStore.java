package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.PayloadStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.jdbc.support.SQLExceptionSubclassTranslator;

/**
 * Keeps payloads in the table {@code claim_check} of the installation whose transaction appends
 * them: they commit with their messages, or not at all. A claim names installation, bucket and id,
 * so each process that reaches the installation can redeem it. Buckets are truncated past the
 * window, and an hour. Thread-safe.
 */
public final class TablePayloadStore implements PayloadStore {

  private static final Pattern CLAIM =
      Pattern.compile("([^/]+)/(\\d{1,4})/(\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12})");

  private final DataSource transactional;
  private final Supplier<String> current;
  private final Function<String, @Nullable DataSource> installations;
  private final ClaimCheckTable table;

  /**
   * Makes the store of an application with several installations.
   *
   * @param transactional the one that the application's transactions are on
   * @param current name of the installation that the calling thread's transaction is on
   * @param installations an installation's database by its name; null when this process knows none
   *     of that name
   */
  public TablePayloadStore(
      DataSource transactional,
      String schema,
      Supplier<String> current,
      Function<String, @Nullable DataSource> installations) {
    this.transactional = transactional;
    this.current = current;
    this.installations = installations;
    this.table = new ClaimCheckTable(schema);
  }

  /** Makes the store of an application with one database. */
  public TablePayloadStore(DataSource dataSource, String schema) {
    this(dataSource, schema, () -> "home", name -> name.equals("home") ? dataSource : null);
  }

  @Override
  public String store(OutboxMessage message) {
    UUID id = MessageIds.next(); // not the message's own, which may be appended again later
    Connection connection = DataSourceUtils.getConnection(transactional);
    try {
      return "%s/%d/%s"
          .formatted(current.get(), table.insert(connection, id, message.payload()), id);
    } catch (SQLException e) {
      RuntimeException translated =
          new SQLExceptionSubclassTranslator()
              .translate("Storing a payload", "INSERT INTO claim_check", e);
      throw translated != null ? translated : new OutboxException("Storing a payload: " + e, e);
    } finally {
      DataSourceUtils.releaseConnection(connection, transactional);
    }
  }

  @Override
  public Optional<byte[]> load(String claim) {
    Matcher parts = CLAIM.matcher(claim);
    DataSource installation = parts.matches() ? installations.apply(parts.group(1)) : null;
    if (installation == null) {
      return Optional.empty(); // another store's, or of an installation that is not ours
    }
    UUID id = UUID.fromString(parts.group(3));
    int bucket = Integer.parseInt(parts.group(2));
    return ProtocolTransaction.inTransaction(
        installation, "Reading a claimed payload", c -> table.find(c, id, bucket));
  }
}
