package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.outbox.TimeSource;
import dev.evenkeel.sample.orders.SampleOrdersApplication;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.support.GenericApplicationContext;

/**
 * The application in a process that is there to be killed. Its sagas run when it is told so. It
 * ends with its standard input, so with its parent.
 */
public class Child {

  /** What a process can be told, on its standard input. */
  public enum Command {
    /** Freeze this order there: an {@link Arm}. */
    ARM,
    /** This saga is that customer's. */
    KNOW,
    /** Run sagas. */
    ON,
    /** Run no more sagas, and say so when it is done. */
    OFF,
    /** The same without waiting: it may freeze on the way. */
    LEAVE,
    /** Be ahead of the clock by so many minutes. */
    AHEAD,
    /** Leave no connection to anybody for so many milliseconds. */
    TAKE_CONNECTIONS
  }

  private static final String SAGAS = "evenkeelSagaLifecycle";

  /** Sagas run when they are told to, not when the application is ready. */
  private record OnCommand(SmartLifecycle sagas) implements SmartLifecycle {

    @Override
    public boolean isAutoStartup() {
      return false;
    }

    @Override
    public void start() {
      sagas.start();
    }

    @Override
    public void stop() {
      sagas.stop();
    }

    @Override
    public boolean isRunning() {
      return sagas.isRunning();
    }

    @Override
    public int getPhase() {
      return sagas.getPhase();
    }
  }

  private final Journal journal;
  private final Tripwire tripwire;
  private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);

  /**
   * Makes one for this process.
   *
   * @param journal where it writes
   */
  protected Child(Journal journal) {
    this.journal = journal;
    this.tripwire = new Tripwire(journal);
    Tripwire.install(tripwire);
  }

  /**
   * Runs until the standard input ends.
   *
   * @param arguments journal, name of the node, then what the application is given
   */
  public static void main(String[] arguments) throws IOException {
    new Child(new Journal(Path.of(arguments[0]), arguments[1])).run(arguments);
  }

  /**
   * Runs until the standard input ends.
   *
   * @param arguments of {@link #main}
   */
  protected final void run(String[] arguments) throws IOException {
    SpringApplication builder = new SpringApplication(SampleOrdersApplication.class);
    builder.addInitializers(
        context -> {
          GenericApplicationContext beans = (GenericApplicationContext) context;
          beans.registerBean("virtualTime", TimeSource.class, () -> ahead::get);
          prepare(beans);
        });
    ConfigurableApplicationContext application =
        builder.run(Arrays.copyOfRange(arguments, 2, arguments.length));
    int port = ((WebServerApplicationContext) application).getWebServer().getPort();
    journal.process(Journal.Kind.READY, String.valueOf(port));
    obey(application);
    Runtime.getRuntime().halt(0);
  }

  /** Has sagas wait for a command. */
  protected void prepare(GenericApplicationContext context) {
    // It shows the relays, and this process has none.
    context.addBeanFactoryPostProcessor(
        beans -> ((BeanDefinitionRegistry) beans).removeBeanDefinition("shardPulse"));
    replace(
        context, (bean, name) -> name.equals(SAGAS) ? new OnCommand((SmartLifecycle) bean) : bean);
  }

  /** Has beans be what a function makes of bean and name. */
  protected static void replace(
      GenericApplicationContext context, BiFunction<Object, String, Object> by) {
    context
        .getBeanFactory()
        .addBeanPostProcessor(
            new BeanPostProcessor() {
              @Override
              public Object postProcessAfterInitialization(Object bean, String name) {
                return by.apply(bean, name);
              }
            });
  }

  /** Each line is a number, a command and its words. */
  private void obey(ConfigurableApplicationContext application) throws IOException {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      List<String> words = List.of(line.split(" ", -1));
      obey(Command.valueOf(words.get(1)), words.subList(2, words.size()), application);
      journal.process(Journal.Kind.OBEYED, words.get(0));
    }
  }

  /**
   * Does what a command says.
   *
   * @param words of the command
   */
  protected void obey(
      Command command, List<String> words, ConfigurableApplicationContext application) {
    switch (command) {
      case ARM -> tripwire.arm(Arm.parse(words));
      case KNOW -> tripwire.know(UUID.fromString(words.get(0)), Long.parseLong(words.get(1)));
      case ON -> sagas(application).start();
      case OFF -> sagas(application).stop();
      case LEAVE -> new Thread(sagas(application)::stop, "leaving").start();
      case AHEAD -> ahead.set(Duration.ofMinutes(Long.parseLong(words.get(0))));
      case TAKE_CONNECTIONS ->
          throw new IllegalArgumentException("It is not known here how to take all connections");
    }
  }

  private static SmartLifecycle sagas(ConfigurableApplicationContext application) {
    return application.getBean(SAGAS, SmartLifecycle.class);
  }
}
