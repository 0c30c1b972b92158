package dev.evenkeel.transport.kafka;

import dev.evenkeel.outbox.FailureKind;
import dev.evenkeel.outbox.OrderKey;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedStore;
import dev.evenkeel.outbox.ParkedStore.ParkOutcome;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Fence;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.Transport;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.RecordBatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One term's way to the broker. The relay's thread hands messages over and goes on; one thread of
 * the session, the pump, gives them to the producer in the order handed over, and decides alone
 * what becomes of those that can't be sent:
 *
 * <ul>
 *   <li>An error ends the producer (see {@link Outlet}); what it did not deliver is given again, in
 *       order, to the next one. Consumers may see repetitions, never a successor first.
 *   <li>A refused record is sent once more alone, because a broker refuses whole batches. Refused
 *       again it is parked, after everything before it is acknowledged; later messages of its key
 *       queue behind it in the parked rows until it is released or discarded.
 *   <li>A topic that is missing or forbidden holds its own messages back, and past the budget they
 *       are parked. A broker that is away holds all of them: nothing is parked, the WAL waits.
 * </ul>
 *
 * <p>While a topic is held, none of its messages is with a producer: that is what keeps them in
 * order when they are parked or sent after all.
 *
 * <p>Which keys are parked is known from memory: only the leader parks, under its epoch, and what
 * operators discard is noticed when the next message of the key looks at the database.
 */
final class KafkaSession implements Transport.Session {

  private static final Logger log = LoggerFactory.getLogger(KafkaSession.class);

  /** The consumer that these messages are parked under. */
  static final String CONSUMER = "transport:kafka";

  private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long MAX_BACKOFF_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long STALL_SECONDS = 3;
  private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(STALL_SECONDS);
  private static final int KEYS_PER_PAGE = 1_000;
  private static final int MAX_KNOWN_KEYS = 100_000;
  private static final int MAX_SETTLED = 100_000;

  private final KafkaTransportOptions options;
  private final RecordFormat format;
  private final Supplier<Outlet> outlets;
  private final TopicChecks checks;
  private final ParkedStore parked;
  private final Leadership leadership;
  private final Fence fence;
  private final Queue<Send> handedOver = new ConcurrentLinkedQueue<>();
  private final Thread pump;
  private volatile boolean closed;
  private volatile boolean waiting;
  private volatile @Nullable Outlet outlet;
  private volatile List<String> findings = List.of();
  private volatile @Nullable Throwable dead;

  // The pump's own.
  private final Deque<Send> first = new ArrayDeque<>(); // before what was handed over
  private final Deque<Send> given = new ArrayDeque<>(); // to the present outlet, in order
  private final Map<String, TopicChecks.Finding.Usable> usable = new HashMap<>();
  private final Map<String, HeldTopic> held = new HashMap<>();
  private final Set<OrderKey> parkedKeys = new HashSet<>();
  private final Set<UUID> settled = new HashSet<>(); // what the last terms parked and is decided on
  private @Nullable Send inHand; // in none of the queues while it is decided on
  private @Nullable String away;
  private boolean topicGone; // one that has messages with the producer
  private long backoff;
  private long stallLookedAt = System.nanoTime();
  private int maxKnownKeys = MAX_KNOWN_KEYS;

  /** Messages of a topic that can't be used now. */
  private static final class HeldTopic {

    private final Deque<Send> sends = new ArrayDeque<>();
    private final long since = System.nanoTime();
    private long lookedAt = since;
    private String reason;

    private HeldTopic(String reason) {
      this.reason = reason;
    }
  }

  KafkaSession(
      KafkaTransportOptions options,
      RecordFormat format,
      Function<Runnable, Outlet> outlets,
      TopicChecks checks,
      ParkedStore parked,
      Leadership leadership) {
    this.options = options;
    this.format = format;
    this.outlets = () -> outlets.apply(this::wake);
    this.checks = checks;
    this.parked = parked;
    this.leadership = leadership;
    this.fence = Fence.transport(leadership.epoch());
    this.pump = new Thread(this::pump, "evenkeel-kafka-" + leadership.installation());
    pump.setDaemon(true);
  }

  void start() {
    pump.start();
  }

  @Override
  public void send(OutboxMessage message, Acknowledgement acknowledgement) {
    handedOver.add(new Send(message, acknowledgement));
    Throwable end = dead;
    if (end != null) {
      acknowledgement.fail(end); // nobody pumps any more; the relay starts anew
    }
    wake();
  }

  private void wake() {
    if (waiting) {
      LockSupport.unpark(pump);
    }
  }

  boolean mayWork() {
    return !closed && leadership.mayDispatch();
  }

  Fence fence() {
    return fence;
  }

  /** What holds messages back, in sentences. From any thread. */
  List<String> findings() {
    return findings;
  }

  private void pump() {
    try {
      loadParkedKeys();
      settled.addAll(patiently(() -> parked.settled(CONSUMER, MAX_SETTLED)));
      newOutlet();
      while (!closed) {
        turn();
      }
    } catch (RuntimeException | Error e) {
      if (!closed) {
        log.error("The way to Kafka ends; the relay starts anew: {}", e.getMessage(), e);
        dead = e; // before one is looked for: whoever comes later sees it
        failOne(e);
      }
    } catch (InterruptedException e) {
      log.trace("The session was closed", e);
    }
  }

  /** Whatever message it is: one that fails ends the relay's session. */
  private void failOne(Throwable cause) {
    Send any = inHand;
    if (any == null) {
      any = nextOrNull();
    }
    if (any == null) {
      any = given.peek();
    }
    if (any == null && !held.isEmpty()) {
      any = held.values().iterator().next().sends.peek();
    }
    if (any != null) {
      any.fail(cause);
    }
  }

  /** A broker whose name can't be resolved is away, as one that does not answer. */
  private void newOutlet() throws InterruptedException {
    while (!closed) {
      try {
        outlet = outlets.get();
        if (closed) {
          closeOutlet(); // nobody else knows of it, perhaps
        }
        return;
      } catch (KafkaException e) {
        log.warn("A producer can't be made now: {}", e.toString());
        pause("a producer can't be made: " + rootMessage(e));
      }
    }
  }

  private static String rootMessage(Throwable failure) {
    Throwable cause = failure.getCause();
    return String.valueOf(cause == null ? failure.getMessage() : cause.getMessage());
  }

  private void loadParkedKeys() throws InterruptedException {
    parkedKeys.clear();
    ParkedStore.Key last = null;
    while (!closed) {
      ParkedStore.Key after = last;
      List<ParkedStore.Key> page =
          patiently(() -> parked.keys(fence.source(), List.of(CONSUMER), after, KEYS_PER_PAGE));
      page.forEach(key -> parkedKeys.add(key.key()));
      if (page.size() < KEYS_PER_PAGE) {
        return;
      }
      last = page.get(page.size() - 1);
    }
  }

  private void turn() throws InterruptedException {
    Exception trouble = broken();
    if (trouble != null) {
      replaceOutlet(trouble);
    }
    if (topicGone) {
      // Here, with nothing in hand: what is given has to come again before anything else.
      topicGone = false;
      usable.clear();
      giveAgain();
    }
    lookAtHeldTopics();
    forgetDone();
    lookAtStall();
    tellFindings();
    Send next = next();
    if (next == null) {
      return;
    }
    inHand = next;
    if (!leadership.mayDispatch()) { // a late renewal may still save the term
      first.addFirst(next);
      await();
    } else if (!handle(next)) {
      first.addFirst(next);
    }
    inHand = null;
  }

  private @Nullable Exception broken() {
    Outlet present = outlet;
    return present == null ? null : present.trouble();
  }

  private void forgetDone() {
    for (Send send = given.peek(); send != null && send.done(); send = given.peek()) {
      given.remove();
      backoff = 0;
      away = null;
    }
  }

  private @Nullable Send nextOrNull() {
    Send next = first.poll();
    return next != null ? next : handedOver.poll();
  }

  private @Nullable Send next() throws InterruptedException {
    Send next = nextOrNull();
    if (next == null) {
      await();
      next = nextOrNull();
    }
    return next;
  }

  /** Until something was handed over or acknowledged, or a little later. */
  private void await() throws InterruptedException {
    await(() -> handedOver.isEmpty() || !first.isEmpty());
  }

  private void await(BooleanSupplier nothingToDo) throws InterruptedException {
    waiting = true;
    try {
      if (nothingToDo.getAsBoolean()) {
        LockSupport.parkNanos(this, WAIT_NANOS);
      }
    } finally {
      waiting = false;
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  /**
   * A record that is not acknowledged for long: whether its topic is still there. Its producer
   * would wait for ever.
   */
  private void lookAtStall() throws InterruptedException {
    Send oldest = given.peek();
    long now = System.nanoTime();
    if (oldest == null || now - oldest.since() < STALL_NANOS || now - stallLookedAt < STALL_NANOS) {
      return;
    }
    String topic = options.topics().topic(oldest.message().aggregateType());
    TopicChecks.Finding finding = checks.check(topic);
    if (finding instanceof TopicChecks.Finding.Unusable) {
      topicGone = true;
    } else if (finding instanceof TopicChecks.Finding.BrokerAway brokerAway) {
      away = brokerAway.reason();
    } else {
      away = "topic %s has acknowledged nothing for %d s or longer".formatted(topic, STALL_SECONDS);
    }
    stallLookedAt = System.nanoTime();
  }

  /** An error: what was not delivered is given again, in order, to a new producer. */
  private void replaceOutlet(Exception trouble) throws InterruptedException {
    int again = giveAgain();
    if (!Refusals.isRefusal(trouble)) {
      log.warn(
          "Sending to Kafka failed; {} messages are sent again: {}", again, trouble.toString());
      usable.clear(); // a topic may have gone, or an authorisation
      pause(trouble.toString());
    }
  }

  /** Ends the producer and puts what it did not deliver first. Returns how many those are. */
  private int giveAgain() throws InterruptedException {
    Outlet old = outlet;
    outlet = null;
    if (old != null) {
      old.close(); // waits for its thread: after this no callback changes a send
    }
    List<Send> again = given.stream().filter(send -> !send.done()).toList();
    given.clear();
    for (int i = again.size() - 1; i >= 0; i--) {
      first.addFirst(again.get(i));
    }
    newOutlet();
    return again.size();
  }

  private void pause(String reason) throws InterruptedException {
    away = reason;
    tellFindings();
    backoff = Math.min(MAX_BACKOFF_NANOS, Math.max(WAIT_NANOS, backoff * 2));
    long until = System.nanoTime() + backoff;
    while (!closed && System.nanoTime() - until < 0) {
      TimeUnit.NANOSECONDS.sleep(WAIT_NANOS);
    }
  }

  /** False: it is to be tried again, before anything else. */
  private boolean handle(Send send) throws InterruptedException {
    OutboxMessage message = send.message();
    if (settled.contains(message.id())) {
      send.acknowledge(); // it comes again, and somebody decided against it since
      return true;
    }
    if (parkedKeys.contains(message.orderKey()) && queuedBehind(send)) {
      return true;
    }
    String topic = options.topics().topic(message.aggregateType());
    HeldTopic holding = held.get(topic);
    if (holding != null) {
      holding.sends.add(send);
      return true;
    }
    TopicChecks.Finding.Usable limits = usable.get(topic);
    if (limits == null) {
      return lookAt(topic, send);
    }
    ProducerRecord<byte[], byte[]> record = format.record(message);
    if (tooLarge(record, limits)) {
      if (send.looksAtLimit()) {
        usable.remove(topic); // it may have been raised
        return false;
      }
      return parkDrained(
          send,
          ParkReason.TOO_LARGE,
          "a record of %d bytes of payload; topic %s takes batches of at most %d bytes"
              .formatted(message.payload().length, topic, limits.maxMessageBytes()));
    }
    Exception refusal = send.takeRefusal();
    return refusal == null ? give(send, record) : giveAlone(send, record);
  }

  /** False: the key is free after all. */
  private boolean queuedBehind(Send send) throws InterruptedException {
    ParkOutcome outcome = patiently(() -> parked.queueBehind(fence, CONSUMER, send.message()));
    if (outcome == ParkOutcome.KEY_FREE) {
      parkedKeys.remove(send.message().orderKey());
      return false;
    }
    settle(send, outcome);
    return true;
  }

  private boolean lookAt(String topic, Send send) throws InterruptedException {
    TopicChecks.Finding finding = checks.check(topic);
    if (finding instanceof TopicChecks.Finding.Usable limits) {
      limits.warnings().forEach(warning -> log.warn("{}", warning));
      usable.put(topic, limits);
      return false;
    }
    if (finding instanceof TopicChecks.Finding.BrokerAway brokerAway) {
      pause(brokerAway.reason());
      return false;
    }
    if (underWay(topic)) {
      // What was given before has to be held before it, or parked before it.
      first.addFirst(send);
      giveAgain();
      return true;
    }
    String reason = ((TopicChecks.Finding.Unusable) finding).reason();
    log.error("Messages wait or are parked: {}", reason);
    HeldTopic holding = new HeldTopic(reason);
    holding.sends.add(send);
    held.put(topic, holding);
    return true;
  }

  private boolean underWay(String topic) {
    return given.stream()
        .anyMatch(
            send ->
                !send.done()
                    && options.topics().topic(send.message().aggregateType()).equals(topic));
  }

  private boolean tooLarge(
      ProducerRecord<byte[], byte[]> record, TopicChecks.Finding.Usable limits) {
    if (limits.maxMessageBytes() == Integer.MAX_VALUE) {
      return false;
    }
    int upperBound =
        AbstractRecords.estimateSizeInBytesUpperBound(
            RecordBatch.CURRENT_MAGIC_VALUE,
            CompressionType.NONE,
            record.key(),
            record.value(),
            record.headers().toArray());
    return upperBound > limits.maxMessageBytes();
  }

  private boolean give(Send send, ProducerRecord<byte[], byte[]> record)
      throws InterruptedException {
    Outlet present = Objects.requireNonNull(outlet);
    given.add(send);
    Exception notTaken = present.give(record, send);
    if (notTaken == null) {
      return true;
    }
    given.removeLast();
    if (Refusals.isRefusal(notTaken)) {
      return parkDrained(send, reason(notTaken), notTaken.toString());
    }
    usable.remove(record.topic()); // no metadata, no memory, no authorisation: looked at first
    if (!closed && present.trouble() == null && !(notTaken instanceof AuthorizationException)) {
      pause(notTaken.toString());
    }
    return false;
  }

  /** A broker refuses whole batches: alone it turns out whether this record was the reason. */
  private boolean giveAlone(Send send, ProducerRecord<byte[], byte[]> record)
      throws InterruptedException {
    Exception last = new IllegalStateException("refused");
    if (!awaitDone()) {
      send.refused(last); // still to be sent alone
      return false;
    }
    if (!give(send, record)) {
      return false;
    }
    if (send.done() || awaitDone()) {
      return true;
    }
    Exception refusal = send.takeRefusal();
    if (refusal == null) {
      send.refused(last);
      return true; // another error: given again by the next outlet
    }
    giveAgain(); // puts it first again
    first.remove(send);
    usable.remove(record.topic()); // its limit may have changed
    return parkDrained(send, reason(refusal), refusal.toString());
  }

  private static ParkReason reason(Exception refusal) {
    return Refusals.isTooLarge(refusal) ? ParkReason.TOO_LARGE : ParkReason.REFUSED;
  }

  /** Waits until everything given is done; false when something failed instead. */
  private boolean awaitDone() throws InterruptedException {
    while (!closed) {
      if (broken() != null) {
        return false;
      }
      forgetDone();
      if (given.isEmpty()) {
        return true;
      }
      lookAtStall();
      if (topicGone) {
        return false; // what is given comes again, before whatever waits here
      }
      await(() -> true);
    }
    return false;
  }

  /**
   * Parks a message for good, after everything before it is acknowledged: an earlier one of its key
   * that is refused as well has to be parked before it.
   */
  private boolean parkDrained(Send send, ParkReason reason, String error)
      throws InterruptedException {
    if (!awaitDone()) {
      return false;
    }
    if (options.skipsDeadLetters()) {
      log.warn("{} is set aside for {} ({}): {}", send.message(), CONSUMER, reason, error);
      settle(
          send, patiently(() -> parked.parkAside(fence, CONSUMER, send.message(), reason, error)));
    } else {
      park(send, reason, error, null);
    }
    return true;
  }

  private void park(Send send, ParkReason reason, String error, @Nullable Duration dueIn)
      throws InterruptedException {
    log.warn("{} is parked for {} ({}): {}", send.message(), CONSUMER, reason, error);
    ParkOutcome outcome =
        patiently(() -> parked.park(fence, CONSUMER, send.message(), reason, error, dueIn));
    settle(send, outcome);
    parkedKeys.add(send.message().orderKey());
    if (parkedKeys.size() > maxKnownKeys) { // most may be free again: one is dropped when next seen
      loadParkedKeys();
      maxKnownKeys = Math.max(MAX_KNOWN_KEYS, 2 * parkedKeys.size());
    }
  }

  private void settle(Send send, ParkOutcome outcome) {
    if (outcome == ParkOutcome.FENCED) {
      throw new IllegalStateException("Another leader has begun; nothing can be parked any more");
    }
    if (!closed) {
      send.acknowledge();
    }
  }

  private void lookAtHeldTopics() throws InterruptedException {
    if (held.isEmpty()) {
      return;
    }
    long now = System.nanoTime();
    for (Map.Entry<String, HeldTopic> entry : List.copyOf(held.entrySet())) {
      HeldTopic topic = entry.getValue();
      if (now - topic.lookedAt >= LOOK_NANOS) {
        TopicChecks.Finding finding = checks.check(entry.getKey());
        topic.lookedAt = System.nanoTime(); // a look may take seconds
        if (finding instanceof TopicChecks.Finding.Usable) {
          release(entry.getKey(), topic);
          continue;
        }
        if (finding instanceof TopicChecks.Finding.Unusable unusable) {
          topic.reason = unusable.reason();
        }
      }
      if (now - topic.since >= options.topicBudget().toNanos()) {
        for (Send send = topic.sends.peek(); send != null; send = topic.sends.peek()) {
          park(send, ParkReason.OUTAGE, topic.reason, options.retries().firstBackoff());
          topic.sends.remove();
        }
      }
    }
  }

  private void release(String name, HeldTopic topic) {
    log.info("Topic {} can be used again", name);
    held.remove(name);
    while (!topic.sends.isEmpty()) {
      first.addFirst(topic.sends.removeLast());
    }
  }

  private void tellFindings() {
    if (away == null && held.isEmpty() && findings.isEmpty()) {
      return;
    }
    List<String> now = new ArrayList<>();
    if (away != null) {
      now.add("Kafka does not take messages: " + away);
    }
    held.values().forEach(topic -> now.add(topic.reason));
    findings = List.copyOf(now);
  }

  /**
   * Parking needs the installation's own database. Without it the lease is lost soon.
   *
   * @throws RuntimeException if the database refuses the data, which no patience helps
   */
  private <T> T patiently(Supplier<T> work) throws InterruptedException {
    while (true) {
      try {
        return work.get();
      } catch (RuntimeException e) {
        if (closed) {
          throw new InterruptedException();
        }
        if (FailureKind.of(e) != FailureKind.OUTAGE
            && FailureKind.of(e) != FailureKind.CONTENTION) {
          throw e;
        }
        log.warn("The parked messages can't be reached now: {}", e.getMessage());
        TimeUnit.MILLISECONDS.sleep(200);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    boolean interrupted = Thread.interrupted(); // it would cut short what has to be waited for
    try {
      closeOutlet(); // wakes a pump that waits in it
      pump.interrupt();
      pump.join(TimeUnit.SECONDS.toMillis(5));
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      closeOutlet(); // the pump may have made another one meanwhile
      checks.close();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void closeOutlet() {
    Outlet present = outlet;
    if (present != null) {
      try {
        present.close(); // joins the producer's thread: no acknowledgement after this
      } catch (KafkaException e) {
        log.debug("Closing a producer was interrupted", e);
      }
    }
  }
}
