package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.PayloadStore;
import dev.evenkeel.outbox.spi.TransactionRouter;
import dev.evenkeel.outbox.spi.TransactionTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;
import org.postgresql.util.PSQLState;
import org.springframework.jdbc.UncategorizedSQLException;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Runs one handler for one message in one transaction with its inbox row: the effects happen once.
 *
 * <p>The row goes in first. Another delivery of the same message waits on it and then finds it, so
 * two processes may deliver the same message at the same moment. A {@link DirectHandler} has
 * neither row nor transaction from here: it answers for messages that come twice. Thread-safe; call
 * it outside a transaction.
 */
public final class InboxReceiver {

  private final InboxOptions options;
  private final DataSource home;
  private final TransactionRouter router;
  private final MessageObserver observer;
  private final TimeSource time;
  private final ClaimCheck claims;
  private final InboxTable table;
  private final Map<String, InboxBucket> rings = new ConcurrentHashMap<>();
  private final Map<String, TransactionTemplate> transactions = new ConcurrentHashMap<>();

  /** One try at delivering, as its caller sees it. */
  public interface Attempt {

    /** The term that the attempt belongs to. */
    Fence fence();

    /** Whether a parked message is being released: then being parked is no reason to refuse it. */
    boolean release();

    /**
     * For a release: the {@link ParkedMessage#revision()} that is being delivered. When an operator
     * has edited the message since, it is refused.
     */
    default int revision() {
      return 0;
    }

    /**
     * Whether the commit need not wait for the disk, because the caller acknowledges only after a
     * later one that did. Counts where effects happen in the installation's own database.
     */
    default boolean grouped() {
      return false;
    }

    /**
     * The transaction began: the caller may now end it by its backend. A direct handler may begin
     * several, one after the other.
     *
     * @param startedAt {@code xact_start} of the session, as text; tells it from a later
     *     transaction
     */
    void began(TransactionTarget target, int backendPid, String startedAt);
  }

  /** Makes a receiver of messages that carry their payloads. */
  public InboxReceiver(
      InboxOptions options,
      DataSource home,
      TransactionRouter router,
      MessageObserver observer,
      TimeSource time) {
    this(options, home, router, observer, time, PayloadStore.NONE);
  }

  /**
   * Makes a receiver.
   *
   * @param home the installation's database, which holds the parked messages
   * @param router where effects happen
   * @param payloads where messages with a claim have their payload
   */
  public InboxReceiver(
      InboxOptions options,
      DataSource home,
      TransactionRouter router,
      MessageObserver observer,
      TimeSource time,
      PayloadStore payloads) {
    this.options = options;
    this.home = home;
    this.router = router;
    this.observer = observer;
    this.time = time;
    this.claims = new ClaimCheck(payloads);
    this.table = new InboxTable(options.schema(), options.handlerTimeout());
  }

  /** Whether commits may wait for the disk together. */
  public boolean grouped() {
    return options.commit() == InboxCommit.GROUPED;
  }

  /** The installation's database. */
  public DataSource home() {
    return home;
  }

  /** How long a handled message is remembered. */
  public Duration window() {
    return options.window();
  }

  /**
   * The message with its payload, for one attempt: whoever queues it keeps the message as it came.
   * Returns it as it is when it carries no claim, or one that the payload store does not know: then
   * {@link #target} and {@link #receive} throw {@link ClaimMissingException} once they need the
   * payload, which a message that was handled or parked before does not.
   *
   * @throws RuntimeException if the payload store is away
   */
  public OutboxMessage redeem(OutboxMessage message) {
    return claims.redeem(message);
  }

  /**
   * Where the effects of a delivery happen.
   *
   * @param message {@linkplain #redeem redeemed}
   */
  public TransactionTarget target(InboxHandlerMethod handler, OutboxMessage message) {
    return router.route(handler.consumer(), message, handler.shardKey(message));
  }

  /** Redeems the message and delivers it to where {@link #target} says. */
  public ReceiveOutcome receive(
      InboxHandlerMethod handler, OutboxMessage message, Attempt attempt) {
    OutboxMessage redeemed = redeem(message);
    return receive(handler, redeemed, target(handler, redeemed), attempt);
  }

  /**
   * Delivers. Throws what the handler throws; then nothing of it is left.
   *
   * @param message {@linkplain #redeem redeemed}
   * @param target what {@link #target} said
   * @return what became of it
   */
  public ReceiveOutcome receive(
      InboxHandlerMethod handler,
      OutboxMessage message,
      TransactionTarget target,
      Attempt attempt) {
    DirectHandler direct = handler.direct();
    if (direct != null) {
      return receiveDirectly(direct, message, target, attempt);
    }
    if (!attempt.release() && age(message).compareTo(options.window()) > 0) {
      return ReceiveOutcome.EXPIRED;
    }
    boolean atHome = target.dataSource() == home;
    if (!atHome) {
      ReceiveOutcome refusal = refusal(handler.consumer(), message, attempt);
      if (refusal != null) {
        return refusal;
      }
    }
    InboxBucket ring = ring(target); // read outside the transaction
    boolean handled =
        target
            .scope()
            .call(
                () ->
                    Boolean.TRUE.equals(
                        transaction(target)
                            .execute(
                                status ->
                                    deliver(target, atHome, ring, handler, message, attempt))));
    if (handled) {
      observer.handled(handler.consumer(), age(message));
      return ReceiveOutcome.HANDLED;
    }
    return whyNot(target, atHome, handler, message, attempt);
  }

  /** What the parked tables, at home, have against an attempt; null: nothing. */
  private @Nullable ReceiveOutcome refusal(
      String consumer, OutboxMessage message, Attempt attempt) {
    InboxTable.Parked parked = onConnection(home, c -> table.parked(c, message, consumer));
    if (attempt.release()) {
      return parked.waiting(attempt.revision()) ? null : ReceiveOutcome.ALREADY_PARKED;
    }
    return parked.message() || parked.key() ? refused(parked) : null;
  }

  /** Without a window: what does no harm when it comes twice does none when it comes late. */
  private ReceiveOutcome receiveDirectly(
      DirectHandler handler, OutboxMessage message, TransactionTarget target, Attempt attempt) {
    ReceiveOutcome refusal = refusal(handler.consumer(), message, attempt);
    if (refusal != null) {
      return refusal;
    }
    ClaimCheck.requirePayload(message);
    String session = SessionNames.of(options.schema(), attempt.fence(), "handler");
    DirectHandler.Began began =
        c -> {
          if (c.getAutoCommit()) {
            throw new IllegalStateException(
                "%s of \"%s\" said that a transaction began, and its connection is in auto-commit mode; turn that off first"
                    .formatted(handler.getClass().getName(), handler.consumer()));
          }
          InboxTable.Session begun = table.begin(c, session);
          attempt.began(target, begun.backendPid(), begun.startedAt());
        };
    target
        .scope()
        .call(
            () -> {
              CurrentMessage.run(message, () -> handle(handler, message, target, began));
              return ReceiveOutcome.HANDLED;
            });
    observer.handled(handler.consumer(), age(message));
    return ReceiveOutcome.HANDLED;
  }

  private static void handle(
      DirectHandler handler,
      OutboxMessage message,
      TransactionTarget target,
      DirectHandler.Began began) {
    try {
      handler.handle(message, target, began);
    } catch (SQLException e) {
      throw new UncategorizedSQLException("Handling a message", null, e);
    }
  }

  private boolean deliver(
      TransactionTarget target,
      boolean atHome,
      InboxBucket ring,
      InboxHandlerMethod handler,
      OutboxMessage message,
      Attempt attempt) {
    Optional<InboxTable.Session> inserted =
        onConnection(
            target.transactional(),
            c -> {
              requireTransaction(c, target);
              return table.insert(
                  c,
                  ring.of(message),
                  message,
                  handler.consumer(),
                  target.slot(),
                  SessionNames.of(options.schema(), attempt.fence(), "handler"),
                  condition(atHome, attempt),
                  attempt.revision(),
                  !atHome || attempt.release() || !attempt.grouped());
            });
    if (inserted.isEmpty()) {
      return false;
    }
    attempt.began(target, inserted.get().backendPid(), inserted.get().startedAt());
    handler.invoke(message);
    onConnection(target.transactional(), InboxReceiver::requireUsable);
    return true;
  }

  /**
   * Fails in an aborted transaction, which a handler leaves that swallows a database error.
   * PostgreSQL rolls it back, and its driver reports that as a commit: the message would count as
   * handled.
   */
  private static boolean requireUsable(Connection connection) throws SQLException {
    if (connection.unwrap(BaseConnection.class).getTransactionState() == TransactionState.FAILED) {
      throw new SQLException(
          "The handler went on after a database error; its transaction can only roll back",
          PSQLState.IN_FAILED_SQL_TRANSACTION.getState());
    }
    return true;
  }

  /** In auto-commit the inbox row would stay when the handler's effects are rolled back: a loss. */
  private static void requireTransaction(Connection c, TransactionTarget target)
      throws SQLException {
    if (c.getAutoCommit()) {
      throw new IllegalStateException(
          "The transaction manager of \"%s\" does not manage its data source, so inbox row and effects would not commit together"
              .formatted(target.name()));
    }
  }

  private static InboxTable.Condition condition(boolean atHome, Attempt attempt) {
    if (!atHome) {
      return InboxTable.Condition.NONE; // looked at beforehand, at home
    }
    return attempt.release() ? InboxTable.Condition.WAITING : InboxTable.Condition.NOT_PARKED;
  }

  private ReceiveOutcome whyNot(
      TransactionTarget target,
      boolean atHome,
      InboxHandlerMethod handler,
      OutboxMessage message,
      Attempt attempt) {
    if (isInInboxForGood(target, handler, message) || !atHome) {
      observer.duplicate(handler.consumer());
      return ReceiveOutcome.DUPLICATE;
    }
    if (attempt.release()) {
      return ReceiveOutcome.ALREADY_PARKED;
    }
    return refused(onConnection(home, c -> table.parked(c, message, handler.consumer())));
  }

  /**
   * Looks, and makes durable what it sees: whoever handled the message may have left its commit to
   * a {@linkplain InboxCommit#GROUPED group}, whose wait a crash could still take from it, or may
   * have been ended while its commit waited for a standby.
   */
  private boolean isInInboxForGood(
      TransactionTarget target, InboxHandlerMethod handler, OutboxMessage message) {
    int bucket = ring(target).of(message);
    AtomicBoolean there = new AtomicBoolean();
    try {
      ProtocolTransaction.inTransaction(
          target.dataSource(),
          "Looking for a message in the inbox",
          c -> {
            there.set(table.exists(c, bucket, message, handler.consumer()));
            if (there.get()) {
              DurableCommit.write(c);
            }
            return there.get();
          });
    } catch (UncategorizedSQLException e) {
      SQLException cause = e.getSQLException();
      if (!there.get() || cause == null || !DurableCommit.isForbidden(cause)) {
        throw e;
      } // else no process of this role groups its commits, either
    }
    return there.get();
  }

  /**
   * Neither in the inbox nor parked any more: the key was released this very moment, look again.
   */
  private static ReceiveOutcome refused(InboxTable.Parked parked) {
    return parked.message() ? ReceiveOutcome.ALREADY_PARKED : ReceiveOutcome.KEY_PARKED;
  }

  private Duration age(OutboxMessage message) {
    return Duration.between(message.createdAt(), Instant.now().plus(time.offset()));
  }

  private InboxBucket ring(TransactionTarget target) {
    InboxBucket ring = rings.get(target.name());
    if (ring == null) {
      ring = onConnection(target.dataSource(), table::ring);
      rings.put(target.name(), ring);
    }
    return ring;
  }

  private TransactionTemplate transaction(TransactionTarget target) {
    return transactions.computeIfAbsent(
        target.name(),
        name -> {
          TransactionTemplate template = new TransactionTemplate(target.transactionManager());
          template.setName("evenkeel-inbox");
          template.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRED);
          return template;
        });
  }

  private interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  /** On the transaction's connection where there is a transaction, on one of its own otherwise. */
  private static <T> T onConnection(DataSource dataSource, Work<T> work) {
    Connection connection = DataSourceUtils.getConnection(dataSource);
    try {
      return work.on(connection);
    } catch (SQLException e) {
      throw new UncategorizedSQLException("Receiving a message", null, e);
    } finally {
      DataSourceUtils.releaseConnection(connection, dataSource);
    }
  }
}
