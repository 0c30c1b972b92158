package dev.evenkeel.sample.orders.live;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * Streams what happens to every open page, from one thread, so that those who tell never wait for a
 * browser. Bounded: what does not fit into the queue is not shown, and {@code LiveFeed} promises
 * nothing beyond showing. Thread-safe.
 */
@Component
class LiveFeed implements SmartLifecycle {

  private static final int MAX_PAGES = 100;
  private static final int MAX_QUEUED = 20_000;
  private static final int MAX_REMEMBERED = 1_000;

  private final Set<SseEmitter> pages = ConcurrentHashMap.newKeySet();

  /** What a page that opens now is told first. Only the feed's thread touches it. */
  private final Deque<Told> remembered = new ArrayDeque<>();

  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MAX_QUEUED),
          work -> {
            Thread t = new Thread(work, "live-feed");
            t.setDaemon(true);
            return t;
          },
          new ThreadPoolExecutor.DiscardPolicy());

  private volatile boolean running;

  private record Told(String name, Object data) {}

  /**
   * Tells all pages, and those that open later while it is among the last {@value MAX_REMEMBERED}.
   */
  void tell(String name, Object data) {
    Told told = new Told(name, data);
    thread.execute(
        () -> {
          if (remembered.size() == MAX_REMEMBERED) {
            remembered.removeFirst();
          }
          remembered.addLast(told);
          pages.forEach(page -> send(page, told));
        });
  }

  /** Tells the pages that are open now. */
  void tellNow(String name, Object data) {
    thread.execute(() -> pages.forEach(page -> send(page, new Told(name, data))));
  }

  /** Whether anybody looks. */
  boolean watched() {
    return !pages.isEmpty();
  }

  /**
   * Opens a stream.
   *
   * @throws ResponseStatusException with 503 when {@value MAX_PAGES} pages are open already, or the
   *     application is about to end
   */
  SseEmitter open() {
    if (!running || pages.size() >= MAX_PAGES) {
      throw new ResponseStatusException(
          HttpStatus.SERVICE_UNAVAILABLE, "No more than %d pages can watch".formatted(MAX_PAGES));
    }
    SseEmitter page = new SseEmitter(0L);
    page.onCompletion(() -> pages.remove(page));
    page.onError(e -> pages.remove(page));
    thread.execute(
        () -> {
          remembered.forEach(told -> send(page, told));
          pages.add(page);
          if (!running) { // it came in while the others were closed
            page.complete();
          }
        });
    return page;
  }

  private void send(SseEmitter page, Told told) {
    try {
      page.send(SseEmitter.event().name(told.name()).data(told.data(), MediaType.APPLICATION_JSON));
    } catch (IOException | IllegalStateException e) {
      pages.remove(page); // the browser has gone; the container completes the request
    }
  }

  @Override
  public void start() {
    running = true;
  }

  /** First of all at the end: the web server waits for open requests. */
  @Override
  public void stop() {
    running = false;
    pages.forEach(SseEmitter::complete);
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
