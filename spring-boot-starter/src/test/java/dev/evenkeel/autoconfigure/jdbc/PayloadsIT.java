package dev.evenkeel.autoconfigure.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.autoconfigure.TestApplications;
import dev.evenkeel.outbox.InboxHandler;
import dev.evenkeel.outbox.JsonUpcaster;
import dev.evenkeel.outbox.Outbox;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.PayloadStore;
import dev.evenkeel.outbox.spi.Upcaster;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Large payloads and older versions in an application. */
class PayloadsIT {

  private static final String LARGE = "x".repeat(500);

  /** Keeps payloads elsewhere. */
  @Configuration(proxyBeanMethods = false)
  @Import(NoteApplication.class)
  static class WithAStoreOfItsOwn {

    static class Drawer implements PayloadStore {

      private final Map<String, byte[]> payloads = new ConcurrentHashMap<>();

      @Override
      public String store(OutboxMessage message) {
        payloads.put("drawer:" + message.id(), message.payload());
        return "drawer:" + message.id();
      }

      @Override
      public Optional<byte[]> load(String claim) {
        return Optional.ofNullable(payloads.get(claim));
      }
    }

    @Bean
    Drawer drawer() {
      return new Drawer();
    }
  }

  /** Handles the second version, and takes the first. */
  @Configuration(proxyBeanMethods = false)
  @Import(NoteApplication.class)
  static class WithAnUpcaster {

    static class Authors {

      private final List<NotedBy> seen = new CopyOnWriteArrayList<>();

      @InboxHandler(consumer = "authors")
      void on(NotedBy event) {
        seen.add(event);
      }
    }

    @Bean
    Authors authors() {
      return new Authors();
    }

    @Bean
    Upcaster notedFrom1() {
      return JsonUpcaster.of("noted", 1, event -> event.put("author", "nobody"));
    }
  }

  /** Leads nowhere. */
  @Configuration(proxyBeanMethods = false)
  @Import(WithAnUpcaster.class)
  static class WithAnUpcasterTooMany {

    @Bean
    Upcaster notedFrom2() {
      return JsonUpcaster.of("noted", 2, event -> event);
    }
  }

  private DatabaseInfo database;

  @BeforeEach
  void createDatabase() {
    database = TestDatabase.shared().createDatabase();
  }

  @AfterEach
  void dropDatabase() {
    TestDatabase.shared().dropDatabase(database);
  }

  private static void append(ApplicationContext application, String id) {
    new TransactionTemplate(application.getBean(PlatformTransactionManager.class))
        .executeWithoutResult(status -> application.getBean(Outbox.class).append(new Noted(id)));
  }

  private static int claims(ApplicationContext application) {
    Integer count =
        application
            .getBean(JdbcTemplate.class)
            .queryForObject("SELECT count(*) FROM evenkeel.claim_check", Integer.class);
    return count == null ? -1 : count;
  }

  private static void awaitSeen(ApplicationContext application, String... ids) {
    List<String> seen = application.getBean(NoteApplication.Notes.class).seen;
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(seen).containsExactly(ids));
  }

  @Test
  void largePayloadTravelsAsAClaim() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(
            database, NoteApplication.class, "evenkeel.outbox.claim-check.threshold=400B")) {
      append(application, LARGE);

      awaitSeen(application, LARGE);
      assertThat(claims(application)).isOne();
    }
  }

  @Test
  void applicationsOwnStoreTakesThePlaceOfTheTable() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(
            database, WithAStoreOfItsOwn.class, "evenkeel.outbox.claim-check.threshold=400B")) {
      append(application, LARGE);

      awaitSeen(application, LARGE);
      assertThat(claims(application)).isZero();
      assertThat(application.getBean(WithAStoreOfItsOwn.Drawer.class).payloads).hasSize(1);
    }
  }

  @Test
  void upcasterBeansLeadOlderVersionsToTheirHandlers() {
    try (ConfigurableApplicationContext application =
        TestApplications.start(database, WithAnUpcaster.class)) {
      append(application, "a");

      List<NotedBy> seen = application.getBean(WithAnUpcaster.Authors.class).seen;
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(seen).containsExactly(new NotedBy("a", "nobody")));
      awaitSeen(application, "a");
    }
  }

  @Test
  void upcasterThatLeadsNowhereEndsTheStart() {
    assertThatThrownBy(() -> TestApplications.start(database, WithAnUpcasterTooMany.class))
        .hasStackTraceContaining(
            "noted has an upcaster from v2 to v3, but no class is registered for v3");
  }
}
