package dev.evenkeel.sample.orders.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.test.context.support.TestPropertySourceUtils;

/** Processes that share the Kafka of one of them. */
class BrokerAddressIT {

  private static final String SERVERS = "spring.kafka.bootstrap-servers";

  @TempDir private Path folder;

  private GenericApplicationContext process(String property, Path file) {
    GenericApplicationContext context = new GenericApplicationContext();
    context.getEnvironment().addActiveProfile("kafka");
    TestPropertySourceUtils.addInlinedPropertiesToEnvironment(context, property + "=" + file);
    new EmbeddedBroker().initialize(context);
    context.refresh();
    return context;
  }

  @Test
  void theBrokerOfOneProcessIsFoundByAnother() throws IOException {
    Path file = folder.resolve("kafka");
    Files.writeString(file, "localhost:1"); // left behind by one that was killed
    try (GenericApplicationContext one = process("orders.broker.announced-by", file);
        GenericApplicationContext other = process("orders.broker.found-by", file)) {
      String servers = other.getEnvironment().getRequiredProperty(SERVERS);
      assertThat(servers).isEqualTo(one.getEnvironment().getRequiredProperty(SERVERS));
    }

    assertThat(file).doesNotExist();
  }

  @Test
  void whoFindsNoBrokerSaysWhatToDo() throws IOException {
    Path file = Files.writeString(folder.resolve("kafka"), "localhost:1");

    assertThatThrownBy(() -> new BrokerAddress(file).await(Duration.ofMillis(300)))
        .hasMessageContaining("No Kafka was announced in " + file)
        .hasMessageContaining("set spring.kafka.bootstrap-servers");
  }
}
