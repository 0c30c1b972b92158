package dev.evenkeel.autoconfigure;

import dev.evenkeel.relay.ConnectConnector;
import dev.evenkeel.relay.ConnectionSettings;
import dev.evenkeel.relay.RelayOptions;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The program behind {@code bin/connect-config}: prints the connector by which Kafka Connect relays
 * an application's messages, made of the application's own settings. Reads files and the
 * environment as the application would, and connects to nothing.
 */
final class ConnectConfigCommand {

  static final int DONE = 0;
  static final int FAILED = 1;

  private static final String SHARD = "--shard=";
  private static final String PASSWORD = "--password=";

  /** Settings are read, and nothing else is made. */
  static final class NoBeans {}

  private final PrintStream out;
  private final PrintStream err;

  ConnectConfigCommand(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Ends the JVM with the exit code. */
  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    System.setOut(err); // what is logged while settings are read is no JSON
    System.exit(new ConnectConfigCommand(out, err).run(List.of(arguments)));
  }

  /** Prints the connector; returns the exit code. */
  int run(List<String> arguments) {
    if (arguments.contains("--help")) {
      out.print(usage());
      return DONE;
    }
    List<String> spring = new ArrayList<>();
    String shard = null;
    String password = null;
    for (String argument : arguments) {
      if (argument.startsWith(SHARD)) {
        shard = argument.substring(SHARD.length());
      } else if (argument.startsWith(PASSWORD)) {
        password = argument.substring(PASSWORD.length());
      } else {
        spring.add(argument);
      }
    }
    SpringApplication application = new SpringApplication(NoBeans.class);
    application.setWebApplicationType(WebApplicationType.NONE);
    application.setBannerMode(Banner.Mode.OFF);
    application.setLogStartupInfo(false);
    application.setRegisterShutdownHook(false);
    application.setInitializers(List.of()); // those of the application may start what it runs on
    try (ConfigurableApplicationContext context = application.run(spring.toArray(String[]::new))) {
      ConnectConnector connector = connector(context.getEnvironment(), shard, password);
      out.println(json(connector));
      return DONE;
    } catch (EvenkeelConfigurationException e) {
      err.println("connect-config: " + e.getMessage());
      return FAILED;
    } catch (BindException e) {
      err.printf("connect-config: %s can't be read: %s%n", e.getName(), root(e).getMessage());
      return FAILED;
    }
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    for (int depth = 0; root.getCause() != null && depth < 20; depth++) {
      root = root.getCause();
    }
    return root;
  }

  /**
   * The connector of one installation.
   *
   * @param shard its name; null where there are no shards
   * @param password what to print as the password; null: a reference to a file of Connect's
   * @throws EvenkeelConfigurationException with a sentence, when a setting is missing or bad
   */
  static ConnectConnector connector(
      Environment environment, @Nullable String shard, @Nullable String password) {
    EvenkeelProperties properties =
        Binder.get(environment).bindOrCreate("evenkeel", EvenkeelProperties.class);
    if (properties.transport() != TransportKind.KAFKA) {
      throw new EvenkeelConfigurationException(
          "evenkeel.transport must be kafka for Kafka Connect to relay, was in-process; set it, or name the profile that does with --spring.profiles.active");
    }
    String name = environment.getProperty("spring.application.name", "application");
    EvenkeelOptions options = EvenkeelOptions.of(properties, name, "connect-config", false);
    RelayOptions relay = options.relay();
    String reference =
        password == null ? "${file:/etc/kafka-connect/evenkeel.properties:password}" : password;
    try {
      return ConnectConnector.of(
          relay,
          database(environment, properties, shard),
          reference,
          properties.kafka().topic(),
          options.outbox().maxPayloadBytes());
    } catch (IllegalArgumentException e) {
      throw new EvenkeelConfigurationException(String.valueOf(e.getMessage()), e);
    }
  }

  /** As the relay finds it, without a pool to ask. */
  private static ConnectionSettings database(
      Environment environment, EvenkeelProperties properties, @Nullable String shard) {
    EvenkeelProperties.Relay relay = properties.relay();
    if (properties.shards().isEmpty()) {
      if (shard != null) {
        throw new EvenkeelConfigurationException(
            "--shard must be left out, because evenkeel.shards names none, was " + shard);
      }
      return new ConnectionSettings(
          required(
              "spring.datasource.url",
              firstText(relay.url(), environment.getProperty("spring.datasource.url"))),
          required(
              "spring.datasource.username",
              firstText(relay.username(), environment.getProperty("spring.datasource.username"))),
          "");
    }
    EvenkeelProperties.Shard of = shard == null ? null : properties.shards().get(shard);
    if (of == null) {
      throw new EvenkeelConfigurationException(
          "--shard must be one of %s, was %s: each shard has a connector of its own"
              .formatted(new TreeSet<>(properties.shards().keySet()), shard));
    }
    return new ConnectionSettings(
        of.url(),
        required(
            "evenkeel.shards.%s.username".formatted(shard),
            firstText(relay.username(), of.username())),
        "");
  }

  private static @Nullable String firstText(@Nullable String first, @Nullable String second) {
    return first != null && !first.isBlank() ? first : second;
  }

  private static String required(String setting, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw new EvenkeelConfigurationException(
          "%s must be set for Kafka Connect to reach the database, was empty; give it as the application gets it, such as --%s=..."
              .formatted(setting, setting));
    }
    return value;
  }

  /** As POST /connectors takes it. */
  private static String json(ConnectConnector connector) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("name", connector.name());
    body.put("config", connector.config());
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsString(body);
  }

  private static String usage() {
    return """
        Prints the connector by which Kafka Connect relays an application's messages, as POST /connectors takes it:

          bin/connect-config [--jar=APPLICATION.jar] [--shard=NAME] [--password=REFERENCE] [arguments of the application]

        --jar       the application, as Spring Boot packages it; default: the sample
        --shard     which shard's, where there are shards; each has a connector of its own
        --password  how Connect finds the password, printed as it is; default
                    ${file:/etc/kafka-connect/evenkeel.properties:password}. The password itself is never printed.

        Settings are read as the application reads them: files, the environment, --spring.profiles.active=..., --name=value.
        """;
  }
}
