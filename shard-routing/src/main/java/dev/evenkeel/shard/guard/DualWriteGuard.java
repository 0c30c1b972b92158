package dev.evenkeel.shard.guard;

import java.time.Duration;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Decides whether a call that is about to leave the process is a dual write: whether the calling
 * thread has a local database transaction open that may write. Read-only transactions do not count,
 * nor do those that have committed, such as around a listener of {@code AFTER_COMMIT}: what is sent
 * then can be lost, but is never contradicted by a rollback.
 *
 * <p>Applications may ask for clients of their own that the framework does not know. Thread-safe.
 * What it sees is bound to the thread: neither reactive transactions nor calls that another thread
 * makes.
 */
public final class DualWriteGuard {

  /** Bounds of the log: call sites remembered, and how long each is silent after a warning. */
  private static final int CALL_SITES = 1_000;

  private static final Duration SILENCE = Duration.ofMinutes(1);

  private static final Logger log = LoggerFactory.getLogger(DualWriteGuard.class);

  private final DualWriteMode mode;
  private final DualWriteObserver observer;
  private final Function<DataSource, String> names;
  private final WarningThrottle throttle;

  /**
   * A guard of an application.
   *
   * @param mode what happens when a dual write is found
   * @param observer is told of each, whether it is logged or not
   * @param beans where data sources have their names from
   */
  public DualWriteGuard(
      DualWriteMode mode, DualWriteObserver observer, ConfigurableListableBeanFactory beans) {
    this(mode, observer, new DataSourceBeans(beans)::describe, System::nanoTime);
  }

  DualWriteGuard(
      DualWriteMode mode,
      DualWriteObserver observer,
      Function<DataSource, String> names,
      LongSupplier nanoTime) {
    this.mode = mode;
    this.observer = observer;
    this.names = names;
    this.throttle = new WarningThrottle(CALL_SITES, SILENCE, nanoTime);
  }

  /**
   * Looks at a call before it is made. Cheap while no transaction is open; does nothing if the mode
   * is {@link DualWriteMode#OFF}.
   *
   * @param kind what is called
   * @param call what is called, for the message, such as {@code HTTP POST to http://host}; asked
   *     for only if the call is a dual write
   * @throws DualWriteException if it is a dual write and the mode is {@link DualWriteMode#FAIL}
   */
  public void check(DualWriteKind kind, Supplier<String> call) {
    check(kind, call, dataSource -> true);
  }

  /**
   * Looks at a connection before it is acquired. None of the data source that a transaction is on
   * is a dual write, be it the transaction's own.
   *
   * @throws DualWriteException if it is a dual write and the mode is {@link DualWriteMode#FAIL}
   */
  void checkConnection(DataSource dataSource, Supplier<String> call) {
    if (!TransactionMarker.isReadOnlyBeginning()) {
      check(DualWriteKind.DATA_SOURCE, call, other -> !DataSourceBeans.same(other, dataSource));
    }
  }

  private void check(DualWriteKind kind, Supplier<String> call, Predicate<DataSource> filter) {
    if (mode == DualWriteMode.OFF) {
      return;
    }
    DataSource open = LocalTransactions.open(filter);
    if (open != null) {
      found(kind, call.get(), open);
    }
  }

  private void found(DualWriteKind kind, String call, DataSource open) {
    CallSite site = CallSite.find();
    if (site.allowed()) {
      return;
    }
    observer.found(kind);
    if (mode == DualWriteMode.FAIL) {
      throw new DualWriteException(kind, site.frame(), message(call, site, open));
    }
    if (throttle.admits(kind + " " + site.frame())) {
      log.warn(message(call, site, open));
    }
  }

  private String message(String call, CallSite site, DataSource open) {
    return ("Dual write at %s: %s inside a local transaction on %s, and the two do not commit"
            + " together; append an outbox event or make it a step of a saga, or say why it does no"
            + " harm with @DualWriteAllowed(because = ...)%s")
        .formatted(site.frame(), call, names.apply(open), complaint(site.withoutReason()));
  }

  private static String complaint(@Nullable String withoutReason) {
    return withoutReason == null
        ? ""
        : ", which needs a reason: at " + withoutReason + " it was blank";
  }
}
