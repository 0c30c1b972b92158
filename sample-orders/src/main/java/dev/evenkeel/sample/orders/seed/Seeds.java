package dev.evenkeel.sample.orders.seed;

import dev.evenkeel.sample.orders.customer.CreditService;
import dev.evenkeel.sample.orders.stock.StockService;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;

/**
 * Gives a new installation customers 1 to 10 and articles BOOK-1 to BOOK-5. What is there already
 * stays as it is, so every start tries it, and several at once do no harm. A process that is one
 * service gives what is its own. While a shard is down its share is tried again each second; the
 * application is ready without it.
 */
@Component
class Seeds implements ApplicationRunner, DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(Seeds.class);

  private static final int CUSTOMERS = 10;
  private static final int ARTICLES = 5;
  private static final long ON_HAND = 1_000;
  private static final Duration READY_WITHOUT = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final @Nullable CreditService credit;
  private final @Nullable StockService stock;
  private final CountDownLatch tried = new CountDownLatch(1);
  private final CountDownLatch ending = new CountDownLatch(1);

  Seeds(ObjectProvider<CreditService> credit, ObjectProvider<StockService> stock) {
    this.credit = credit.getIfAvailable();
    this.stock = stock.getIfAvailable();
  }

  /** Before the application says that it is ready; a shard that is down holds it up no longer. */
  @Override
  public void run(ApplicationArguments arguments) throws InterruptedException {
    Thread thread = new Thread(this::sow, "seeds");
    thread.setDaemon(true);
    thread.start();
    tried.await(READY_WITHOUT.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void sow() {
    Map<String, Runnable> missing = all();
    try {
      do {
        sow(missing);
        tried.countDown();
      } while (!missing.isEmpty() && !ending.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Removes those that are there now. */
  private void sow(Map<String, Runnable> missing) {
    int before = missing.size();
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    missing
        .values()
        .removeIf(
            seed -> {
              try {
                seed.run();
                return true;
              } catch (RuntimeException e) {
                failure.set(e);
                return false;
              }
            });
    RuntimeException last = failure.get();
    if (last != null && (missing.size() < before || tried.getCount() > 0)) {
      log.info(
          "{} wait for their shards, the last one because: {}",
          missing.keySet(),
          NestedExceptionUtils.getMostSpecificCause(last).getMessage());
    }
  }

  private Map<String, Runnable> all() {
    Map<String, Runnable> seeds = new LinkedHashMap<>();
    CreditService customers = credit;
    if (customers != null) {
      IntStream.rangeClosed(1, CUSTOMERS)
          .forEach(customer -> seeds.put("customer " + customer, () -> customers.open(customer)));
    }
    StockService articles = stock;
    if (articles != null) {
      IntStream.rangeClosed(1, ARTICLES)
          .mapToObj(number -> "BOOK-" + number)
          .forEach(sku -> seeds.put("article " + sku, () -> articles.introduce(sku, ON_HAND)));
    }
    return seeds;
  }

  @Override
  public void destroy() {
    ending.countDown();
  }
}
