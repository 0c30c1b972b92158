package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.sample.orders.crash.Point.Kind;
import dev.evenkeel.sample.orders.crash.Point.Side;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Sees every point that this process commits, writes it down, and freezes the thread where an order
 * has reached its own: nothing of what it does after that is seen by anybody, as if the process had
 * been killed there. The kill follows. Thread-safe.
 */
final class Tripwire {

  private static final long LONGEST_HOLD_SECONDS = 10;

  /** Set once, before any connection is opened. The driver is made by name. */
  private static final AtomicReference<@Nullable Tripwire> OF_PROCESS = new AtomicReference<>();

  /** An armed order. */
  private static final class Armed {

    private final Arm arm;
    private final CountDownLatch untilSeen = new CountDownLatch(1);
    private volatile boolean frozen;

    Armed(Arm arm) {
      this.arm = arm;
    }
  }

  private final Journal journal;
  private final Map<Long, Armed> armed = new ConcurrentHashMap<>();
  private final Map<UUID, Long> customers = new ConcurrentHashMap<>();

  Tripwire(Journal journal) {
    this.journal = journal;
  }

  static void install(Tripwire tripwire) {
    OF_PROCESS.set(tripwire);
  }

  static Tripwire ofProcess() {
    Tripwire tripwire = OF_PROCESS.get();
    if (tripwire == null) {
      throw new IllegalStateException("No tripwire was installed in this process");
    }
    return tripwire;
  }

  void arm(Arm arm) {
    armed.put(arm.customer(), new Armed(arm));
  }

  /** Says whose order a saga sees through, which only its start tells. */
  void know(UUID saga, long customer) {
    customers.put(saga, customer);
  }

  /** A transaction is about to commit, or has committed. May never return. */
  void pass(List<Note> notes, Side side) {
    for (Note note : notes) {
      UUID saga = note.saga();
      if (note.customer() != 0 && saga != null) {
        customers.put(saga, note.customer());
      }
      long customer =
          note.customer() != 0 || saga == null ? note.customer() : customers.getOrDefault(saga, 0L);
      journal.order(Journal.Kind.POINT, note, customer, side.name());
      for (Armed each : armed.values()) {
        if (each.arm.customer() == customer
            || (concernsShard(note) && each.arm.database().equals(note.database()))) {
          pass(each, note, side);
        }
      }
    }
  }

  private static boolean concernsShard(Note note) {
    return note.point().kind() == Kind.TIMER || note.point().kind() == Kind.RELEASE;
  }

  private void pass(Armed order, Note note, Side side) {
    Arm arm = order.arm;
    Arm.Hold hold = arm.hold();
    if (hold != null && side == Side.AFTER && note.point().equals(hold.until())) {
      order.untilSeen.countDown();
    }
    if (hold != null && side == hold.side() && hold.point().equals(note.point())) {
      journal.order(Journal.Kind.HELD, note, arm.customer(), side.name());
      await(order.untilSeen, hold.until() == null);
    }
    if (side == arm.side() && arm.point().is(note.point())) {
      order.frozen = true;
      journal.order(Journal.Kind.REACHED, note, arm.customer(), side.name());
      freeze();
    }
    // What was only said to a frozen order's saga must not be taken up by this process.
    if (order.frozen && side == Side.BEFORE && note.point().kind() == Kind.CLAIM) {
      freeze();
    }
  }

  private static void freeze() {
    await(new CountDownLatch(1), true);
  }

  /** Whoever interrupts it must not get it to move. */
  private static void await(CountDownLatch latch, boolean forEver) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_HOLD_SECONDS);
    boolean open = false;
    while (!open && (forEver || System.nanoTime() < deadline)) {
      try {
        open = latch.await(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        open = false;
      }
    }
  }
}
