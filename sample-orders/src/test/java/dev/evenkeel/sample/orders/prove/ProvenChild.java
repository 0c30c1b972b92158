package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.sample.orders.crash.Child;
import dev.evenkeel.sample.orders.crash.Journal;
import dev.evenkeel.sample.orders.order.PlaceOrderSagaWithReceipt;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/** The application as it is, beside tallies, and with its relays and sagas from the start. */
final class ProvenChild extends Child {

  /** An argument: it has the next version of the saga, too. */
  static final String UPGRADED = "--prove.upgraded=true";

  /** An argument: it handles tallies, else it only counts them. */
  static final String HANDLES = "--prove.handles=true";

  private static final int MOST_CONNECTIONS = 40;

  private final Journal journal;
  private final List<String> arguments;

  private ProvenChild(Journal journal, List<String> arguments) {
    super(journal);
    this.journal = journal;
    this.arguments = arguments;
  }

  /**
   * Runs until the standard input ends.
   *
   * @param arguments journal, name of the node, then what the application is given
   */
  public static void main(String[] arguments) throws IOException {
    Journal journal = new Journal(Path.of(arguments[0]), arguments[1]);
    new ProvenChild(journal, Arrays.asList(arguments)).run(arguments);
  }

  @Override
  protected void prepare(GenericApplicationContext context) {
    context.registerBean(Tallies.class);
    context.registerBean(
        "tallyRoute", RouterFunction.class, () -> route(context.getBean(Tallies.class)));
    if (arguments.contains(HANDLES)) {
      context.registerBean(
          TallyHandler.class, () -> new TallyHandler(context.getBean(JdbcTemplate.class), journal));
    }
    if (arguments.contains(UPGRADED)) {
      context.registerBean(PlaceOrderSagaWithReceipt.class);
    }
    SentMessages sent = new SentMessages(journal);
    replace(
        context, (bean, name) -> bean instanceof Transport transport ? sent.of(transport) : bean);
  }

  private static RouterFunction<ServerResponse> route(Tallies tallies) {
    return RouterFunctions.route()
        .PUT("/prove/tallies/{key}/{version}", request -> count(tallies, request))
        .build();
  }

  private static ServerResponse count(Tallies tallies, ServerRequest request) {
    tallies.count(
        request.pathVariable("key"),
        Long.parseLong(request.pathVariable("version")),
        request.param("place").orElseThrow());
    return ServerResponse.noContent().build();
  }

  @Override
  protected void obey(
      Command command, List<String> words, ConfigurableApplicationContext application) {
    if (command == Command.TAKE_CONNECTIONS) {
      Duration lasts = Duration.ofMillis(Long.parseLong(words.get(0)));
      words.subList(1, words.size()).forEach(key -> takeConnections(application, key, lasts));
    } else {
      super.obey(command, words, application);
    }
  }

  /** Requests that take their time: as many as there may be connections, and more. */
  private static void takeConnections(
      ConfigurableApplicationContext application, String key, Duration lasts) {
    Tallies tallies = application.getBean(Tallies.class);
    JdbcTemplate sql = application.getBean(JdbcTemplate.class);
    for (int i = 0; i < MOST_CONNECTIONS; i++) {
      Thread slow =
          new Thread(() -> tallies.inShard(key, () -> hold(sql, lasts)), "slow request " + i);
      slow.setDaemon(true);
      slow.setUncaughtExceptionHandler((thread, e) -> {}); // it got none
      slow.start();
    }
  }

  private static boolean hold(JdbcTemplate sql, Duration lasts) {
    sql.queryForObject("SELECT 1", Integer.class);
    try {
      return new CountDownLatch(1).await(lasts.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
