package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.HeaderSource;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.PayloadStore;
import dev.evenkeel.outbox.spi.TransactionFlush;
import dev.evenkeel.outbox.spi.TransactionSlot;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.datasource.ConnectionHolder;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.jdbc.support.SQLExceptionSubclassTranslator;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** The {@link Outbox} of one data source, in Spring's transactions. Thread-safe. */
public final class TransactionalOutbox implements Outbox {

  private static final Logger log = LoggerFactory.getLogger(TransactionalOutbox.class);

  private final DataSource dataSource;
  private final OutboxOptions options;
  private final EventTypes types;
  private final PayloadCodec codec;
  private final Context context;
  private final ClaimCheck claims;
  private final OutboxWriter writer;

  /**
   * What surrounds an append.
   *
   * @param headers sources of headers, asked in order; the first to name a header wins
   * @param flushes mappers to flush before rows are written
   * @param observer told how many messages were written
   * @param slot says which slot the messages of the current transaction belong to
   * @param payloads keeps the payloads that the claim check takes out of messages
   */
  public record Context(
      List<HeaderSource> headers,
      List<TransactionFlush> flushes,
      MessageObserver observer,
      TransactionSlot slot,
      PayloadStore payloads) {

    /** Without a claim check. */
    public Context(
        List<HeaderSource> headers,
        List<TransactionFlush> flushes,
        MessageObserver observer,
        TransactionSlot slot) {
      this(headers, flushes, observer, slot, PayloadStore.NONE);
    }

    /** Without shards. */
    public Context(
        List<HeaderSource> headers, List<TransactionFlush> flushes, MessageObserver observer) {
      this(headers, flushes, observer, TransactionSlot.NONE);
    }

    /** No headers of its own, plain JDBC, no meters. */
    public static Context none() {
      return new Context(List.of(), List.of(), MessageObserver.NONE);
    }
  }

  /**
   * Makes the outbox of a data source.
   *
   * @param dataSource the one that the application's transactions are on
   */
  public TransactionalOutbox(
      DataSource dataSource,
      OutboxOptions options,
      EventTypes types,
      PayloadCodec codec,
      Context context) {
    this.dataSource = dataSource;
    this.options = options;
    this.types = types;
    this.codec = codec;
    this.context = context;
    this.claims = new ClaimCheck(context.payloads());
    this.writer = OutboxWriter.of(options.storage(), options.schema());
  }

  @Override
  public void append(Object event) {
    if (event instanceof OutboxMessage message) {
      append(message);
      return;
    }
    append(types.message(event, encode(event)));
  }

  private byte[] encode(Object event) {
    try {
      return codec.encode(event);
    } catch (PayloadException e) {
      throw new OutboxException(String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public void append(OutboxMessage message) {
    OutboxTable.requireFit(message);
    boolean large = requireSize(message);
    OutboxBuffer buffer = buffer(message);
    buffer.check(message);
    OutboxMessage complete = message.withHeaders(headersFor(message));
    buffer.add(large ? claims.leave(complete) : complete);
  }

  /** Whether the payload goes to the payload store. */
  private boolean requireSize(OutboxMessage message) {
    OutboxOptions.ClaimCheckOptions claimCheck = options.claimCheck();
    int size = message.payload().length;
    boolean large = claimCheck != null && size > claimCheck.thresholdBytes();
    int allowed =
        claimCheck != null && large ? claimCheck.maxPayloadBytes() : options.maxPayloadBytes();
    if (size > allowed) {
      throw new OutboxException(
          "%s has a payload of %d bytes; %s allows %d"
              .formatted(
                  message,
                  size,
                  large ? "evenkeel.outbox.claim-check.max-payload" : "evenkeel.outbox.max-payload",
                  allowed));
    }
    return large;
  }

  private Map<String, String> headersFor(OutboxMessage message) {
    Map<String, String> headers = new HashMap<>(message.headers());
    CurrentMessage.headers().forEach(headers::putIfAbsent);
    for (HeaderSource source : context.headers()) {
      source.headers().forEach(headers::putIfAbsent);
    }
    headers.putIfAbsent(MessageHeaders.CORRELATION_ID, message.id().toString());
    headers.remove(MessageHeaders.CLAIM_CHECK); // the claim of the payload that it has now
    Integer slot = context.slot().slot();
    if (slot == null) {
      headers.remove(MessageHeaders.SLOT); // a message passed on had the slot of its origin
    } else {
      headers.put(MessageHeaders.SLOT, slot.toString());
    }
    return headers;
  }

  private OutboxBuffer buffer(OutboxMessage message) {
    if (TransactionSynchronizationManager.getResource(this) instanceof OutboxBuffer buffer) {
      return buffer;
    }
    requireTransaction(message);
    OutboxBuffer buffer =
        new OutboxBuffer(this, context.flushes(), this::write, this::refuseCommit);
    TransactionSynchronizationManager.bindResource(this, buffer);
    TransactionSynchronizationManager.registerSynchronization(buffer);
    return buffer;
  }

  private void requireTransaction(OutboxMessage message) {
    if (!TransactionSynchronizationManager.isSynchronizationActive()
        || !TransactionSynchronizationManager.isActualTransactionActive()) {
      throw new OutboxException(
          message
              + " was appended outside a transaction; append it in the transaction that changes the"
              + " state, such as a @Transactional method");
    }
    if (TransactionSynchronizationManager.isCurrentTransactionReadOnly()) {
      throw new OutboxException(message + " was appended in a read-only transaction");
    }
    if (!(TransactionSynchronizationManager.getResource(dataSource) instanceof ConnectionHolder)
        || isAutoCommit()) {
      throw new OutboxException(
          message
              + " was appended in a transaction on another data source than the outbox's, so the two"
              + " would not commit together; use the transaction manager of the outbox's data"
              + " source");
    }
  }

  /**
   * A connection that Spring merely keeps for the thread while a transaction of another manager
   * runs is in auto-commit mode; one that a transaction holds is not.
   */
  private boolean isAutoCommit() {
    Connection connection = DataSourceUtils.getConnection(dataSource);
    try {
      return connection.getAutoCommit();
    } catch (SQLException e) {
      throw translated("SELECT", e);
    } finally {
      DataSourceUtils.releaseConnection(connection, dataSource);
    }
  }

  private void write(List<OutboxMessage> messages) {
    Connection connection = DataSourceUtils.getConnection(dataSource);
    try {
      writer.write(connection, messages);
      context.observer().appended(messages.size());
    } catch (SQLException e) {
      throw translated("INSERT INTO outbox", e);
    } finally {
      DataSourceUtils.releaseConnection(connection, dataSource);
    }
  }

  /** Leaves PostgreSQL's transaction in the state in which a commit rolls back. */
  private void refuseCommit() {
    Connection connection = DataSourceUtils.getConnection(dataSource);
    try (Statement statement = connection.createStatement()) {
      statement.execute("DO 'BEGIN RAISE EXCEPTION ''the outbox could not be written''; END'");
    } catch (SQLException e) {
      log.debug("The transaction is aborted, because its messages could not be written", e);
    } finally {
      DataSourceUtils.releaseConnection(connection, dataSource);
    }
  }

  private static RuntimeException translated(String sql, SQLException e) {
    RuntimeException translated =
        new SQLExceptionSubclassTranslator().translate("Writing the outbox", sql, e);
    return translated != null ? translated : new OutboxException("Writing the outbox: " + e, e);
  }
}
