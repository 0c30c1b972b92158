package dev.evenkeel.modulith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.example.bookshop.orders.OrderCancelled;
import com.example.bookshop.orders.OrderCompleted;
import com.example.catalogue.Catalogue.AuthorAdded;
import com.example.catalogue.Catalogue.BookAdded;
import com.example.catalogue.Catalogue.BookMoved;
import com.example.catalogue.Catalogue.BookSold;
import com.example.mistakes.Keyless;
import dev.evenkeel.outbox.EventType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurationPackages;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.modulith.events.EventExternalizationConfiguration;

class ExternalizedTypesTest {

  private final GenericApplicationContext context = new GenericApplicationContext();
  private final DefaultListableBeanFactory beans = context.getDefaultListableBeanFactory();
  private final ExternalizedTypes types =
      new ExternalizedTypes(beans, context.getEnvironment(), context);

  @Test
  void annotatedClassesHaveTheirApplicationLocalName() {
    assertThat(types.types(List.of("com.example.bookshop")))
        .containsExactlyInAnyOrder(
            new EventType("orders.OrderCompleted", 1, "order", OrderCompleted.class),
            new EventType("orders.OrderCancelled", 1, "order", OrderCancelled.class));
  }

  @Test
  void anotherScannedPackageChangesNoName() {
    AutoConfigurationPackages.register(beans, "com.example.bookshop");

    assertThat(types.types(List.of("com.example.bookshop.orders", "com.example.bookshop")))
        .extracting(EventType::name)
        .containsExactlyInAnyOrder("orders.OrderCompleted", "orders.OrderCancelled");
  }

  @Test
  void annotationMayStandOnAnInterfaceOrBeJMolecules() {
    assertThat(types.types(List.of("com.example.catalogue")))
        .containsExactlyInAnyOrder(
            new EventType("Catalogue.BookAdded", 1, "partners", BookAdded.class),
            new EventType("Catalogue.BookSold", 1, "Catalogue.BookSold", BookSold.class),
            new EventType("Catalogue.BookMoved", 1, "Catalogue.BookMoved", BookMoved.class),
            new EventType("Catalogue.AuthorAdded", 1, "writers", AuthorAdded.class));
  }

  @Test
  void everyMistakeIsInOneMessage() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> types.types(List.of("com.example.mistakes")))
        .withMessageContaining(
            "@Externalized(\"somewhere\") of com.example.mistakes.Keyless names no key")
        .withMessageContaining("SpringStyle carries @Externalized and extends ApplicationEvent");
  }

  @Test
  void configurationOfTheApplicationMayAddTheKeys() {
    beans.registerSingleton(
        "routing",
        EventExternalizationConfiguration.defaults("com.example.mistakes")
            .routeKey(Keyless.class, Keyless::id)
            .build());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> types.types(List.of("com.example.mistakes")))
        .withMessageNotContaining("Keyless");
  }
}
