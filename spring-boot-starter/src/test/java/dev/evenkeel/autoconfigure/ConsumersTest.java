package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.Subscription;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class ConsumersTest {

  @Test
  void databaseThatIsAwayIsAReasonToTryAgain() {
    PGSimpleDataSource nobody = new PGSimpleDataSource();
    nobody.setUrl("jdbc:postgresql://127.0.0.1:1/none");
    Consumers consumers =
        new Consumers(
            new ConsumerRegistry(nobody, "evenkeel"),
            Set.of(new Subscription("billing", "placed", 1)),
            List.of());

    assertThat(consumers.tryRegister()).isFalse();
  }
}
