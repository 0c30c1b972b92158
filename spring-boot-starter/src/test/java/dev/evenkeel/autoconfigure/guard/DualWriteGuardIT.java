package dev.evenkeel.autoconfigure.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.example.shop.Client;
import com.example.shop.Clients;
import com.example.shop.Recorder;
import com.example.shop.Shop;
import com.example.shop.ShopApplication;
import dev.evenkeel.autoconfigure.EvenkeelGuardAutoConfiguration;
import dev.evenkeel.shard.guard.DualWriteException;
import dev.evenkeel.shard.guard.DualWriteGuard;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.aop.MethodMatcher;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.support.AopUtils;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.restclient.autoconfigure.RestClientAutoConfiguration;
import org.springframework.boot.restclient.autoconfigure.RestTemplateAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.util.ClassUtils;

@ExtendWith(OutputCaptureExtension.class)
class DualWriteGuardIT {

  private static final String CALL_SITE = "com.example.shop.Shop.call(Shop.java:";

  private static final Pattern SENDING =
      Pattern.compile("(?!set|get|is).*([sS]end|[eE]xecute|[iI]nvoke|[rR]eply).*");

  /** Offsets are a consumer's progress; a channel in hand came from execute. */
  private static final Set<String> NOT_SENDING = Set.of("sendOffsetsToTransaction", "doSend");

  private static DatabaseInfo database;

  @BeforeAll
  static void createDatabase() {
    database = TestDatabase.shared().createDatabase();
  }

  @AfterAll
  static void dropDatabase() {
    TestDatabase.shared().dropDatabase(database);
  }

  /** An application without the rest of Evenkeel. */
  private static ApplicationContextRunner shop(String mode) {
    return new ApplicationContextRunner()
        .withConfiguration(
            AutoConfigurations.of(
                DataSourceAutoConfiguration.class,
                DataSourceTransactionManagerAutoConfiguration.class,
                boots("transaction.autoconfigure.TransactionAutoConfiguration"),
                boots("http.client.autoconfigure.HttpClientAutoConfiguration"),
                boots("http.client.autoconfigure.imperative.ImperativeHttpClientAutoConfiguration"),
                RestClientAutoConfiguration.class,
                RestTemplateAutoConfiguration.class,
                EvenkeelGuardAutoConfiguration.class))
        .withUserConfiguration(ShopApplication.class)
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        .withPropertyValues(
            "spring.datasource.url=" + database.jdbcUrl(),
            "spring.datasource.username=" + database.username(),
            "spring.datasource.password=" + database.password(),
            "spring.datasource.hikari.maximum-pool-size=4",
            "spring.datasource.hikari.minimum-idle=0",
            "evenkeel.guard.dual-write=" + mode);
  }

  /** By name, of modules that the starter itself has no use for. */
  static Class<?> boots(String name) {
    return ClassUtils.resolveClassName(
        "org.springframework.boot." + name, DualWriteGuardIT.class.getClassLoader());
  }

  private static double counted(ApplicationContext context, Client client) {
    var counter =
        context
            .getBean(MeterRegistry.class)
            .find("evenkeel.guard.dual-writes")
            .tag("kind", client.kind())
            .counter();
    return counter == null ? 0 : counter.count();
  }

  /** What has arrived at the other side. */
  private static List<String> arrived(ApplicationContext context, Client client) {
    return switch (client) {
      case KAFKA, RABBIT, JMS -> context.getBean(client.kind() + "Broker", Recorder.class).calls();
      default -> context.getBean(Clients.Server.class).requests();
    };
  }

  private static String sending(Client client) {
    return switch (client) {
      case KAFKA, JMS -> "send";
      case RABBIT -> "basicPublish";
      default -> "POST";
    };
  }

  private static void forget(ApplicationContext context) {
    context.getBeansOfType(Recorder.class).values().forEach(Recorder::clear);
    context.getBean(Clients.Server.class).requests().clear();
  }

  @ParameterizedTest
  @EnumSource(Client.class)
  void warnedOfAndGoesOn(Client client, CapturedOutput output) {
    shop("warn")
        .run(
            context -> {
              Shop shop = context.getBean(Shop.class);

              shop.place(client);
              shop.place(client);

              assertThat(arrived(context, client)).contains(sending(client));
              assertThat(counted(context, client)).isEqualTo(2);
              assertThat(output.toString().lines().filter(line -> line.contains("Dual write at")))
                  .singleElement()
                  .asString()
                  .contains("WARN", CALL_SITE, "DataSource 'dataSource'", "append an outbox event");
            });
  }

  @ParameterizedTest
  @EnumSource(Client.class)
  void refusedBeforeAnythingIsSent(Client client) {
    shop("fail")
        .run(
            context -> {
              Shop shop = context.getBean(Shop.class);
              long before = shop.placed();
              forget(context);

              Throwable refusal = catchThrowable(() -> shop.place(client));

              assertThat(refusal)
                  .isInstanceOfSatisfying(
                      DualWriteException.class,
                      e -> {
                        assertThat(e.kind().tag()).isEqualTo(client.kind());
                        assertThat(e.callSite()).startsWith(CALL_SITE);
                      })
                  .hasMessageContainingAll(CALL_SITE, "append an outbox event");
              assertThat(arrived(context, client)).isEmpty();
              assertThat(shop.placed()).isEqualTo(before);
              assertThat(counted(context, client)).isEqualTo(1);
            });
  }

  @ParameterizedTest
  @EnumSource(Client.class)
  void switchedOffNothingIsTouched(Client client, CapturedOutput output) {
    shop("off")
        .run(
            context -> {
              context.getBean(Shop.class).place(client);

              assertThat(arrived(context, client)).contains(sending(client));
              assertThat(context).doesNotHaveBean(DualWriteGuard.class);
              assertThat(AopUtils.isAopProxy(context.getBean("kafkaTemplate"))).isFalse();
              assertThat(output).doesNotContain("Dual write");
            });
  }

  /** YAML reads the word off so. */
  @Test
  void falseIsOff() {
    shop("false").run(context -> assertThat(context).doesNotHaveBean(DualWriteGuard.class));
  }

  static Stream<Arguments> harmless() {
    return Stream.of(
        harmless("in a read-only transaction", Shop::look),
        harmless("exempted on the stack", Shop::placeWithCare),
        harmless("in a scope without a transaction", Shop::callInAScope),
        harmless("by a listener after the commit", Shop::placeAndTell),
        harmless("by a callback after the commit", Shop::placeAndCallBack));
  }

  private static Arguments harmless(String name, BiConsumer<Shop, Client> call) {
    return Arguments.of(name, call);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("harmless")
  void harmlessCallsPass(String name, BiConsumer<Shop, Client> call) {
    shop("fail")
        .run(
            context -> {
              for (Client client : Client.values()) {
                call.accept(context.getBean(Shop.class), client);

                assertThat(arrived(context, client)).as(client.name()).contains(sending(client));
                assertThat(counted(context, client)).as(client.name()).isZero();
                forget(context);
              }
            });
  }

  @Test
  void callersTransactionThatIsSuspendedDoesNotCount() {
    shop("fail")
        .run(
            context -> {
              new TransactionTemplate(context.getBean(PlatformTransactionManager.class))
                  .executeWithoutResult(
                      status -> context.getBean(Shop.class).callOutside(Client.KAFKA));

              assertThat(arrived(context, Client.KAFKA)).contains("send");
            });
  }

  /** The exemption is a reason: without one there is none. */
  @Test
  void exemptionWithoutAReasonExemptsNothing() {
    shop("fail")
        .run(
            context ->
                assertThatThrownBy(
                        () -> context.getBean(Shop.class).placeWithoutReason(Client.KAFKA))
                    .isInstanceOf(DualWriteException.class)
                    .hasMessageContaining(
                        "needs a reason: at com.example.shop.Shop.placeWithoutReason"));
  }

  @Test
  void transactionsOfJpaCount() {
    shop("fail")
        .withConfiguration(
            AutoConfigurations.of(boots("hibernate.autoconfigure.HibernateJpaAutoConfiguration")))
        .run(
            context -> {
              assertThat(context).hasSingleBean(JpaTransactionManager.class);
              for (Client client : Client.values()) {
                assertThatThrownBy(() -> context.getBean(Shop.class).place(client))
                    .isInstanceOf(DualWriteException.class)
                    .hasMessageContaining("DataSource 'dataSource'");
                context.getBean(Shop.class).look(client);
              }
              assertThat(counted(context, Client.KAFKA)).isEqualTo(1);
            });
  }

  /** Several resources in one transaction are what JTA is for. */
  @Test
  void transactionOfSeveralResourcesIsNotLocal() {
    shop("fail")
        .withBean("distributed", Distributed.class, Distributed::new)
        .run(
            context -> {
              DataSource dataSource = context.getBean(DataSource.class);
              new TransactionTemplate(context.getBean(Distributed.class))
                  .executeWithoutResult(
                      status -> {
                        enlist(DataSourceUtils.getConnection(dataSource));
                        context.getBean(Shop.class).callInAScope(Client.KAFKA);
                      });

              assertThat(arrived(context, Client.KAFKA)).contains("send");
            });
  }

  private static void enlist(Connection connection) {
    try {
      connection.setAutoCommit(false);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** As JTA's: a transaction manager of no resource in particular. */
  static final class Distributed extends AbstractPlatformTransactionManager {

    @Override
    protected Object doGetTransaction() {
      return "transaction";
    }

    @Override
    protected void doBegin(Object transaction, TransactionDefinition definition) {}

    @Override
    protected void doCommit(DefaultTransactionStatus status) {}

    @Override
    protected void doRollback(DefaultTransactionStatus status) {}
  }

  /** A send that Spring adds to its templates must not slip past the guard. */
  @Test
  void everySendingMethodOfTheTemplatesIsGuarded() {
    shop("warn")
        .run(
            context -> {
              Stream.of("kafkaTemplate", "rabbitTemplate", "jmsTemplate")
                  .map(context::getBean)
                  .forEach(DualWriteGuardIT::assertSendsAreGuarded);
            });
  }

  private static void assertSendsAreGuarded(Object template) {
    var advisor = (PointcutAdvisor) ((Advised) template).getAdvisors()[0];
    MethodMatcher guarded = advisor.getPointcut().getMethodMatcher();
    Class<?> type = AopUtils.getTargetClass(template);
    assertThat(
            Stream.of(type.getMethods())
                .filter(method -> SENDING.matcher(method.getName()).matches())
                .filter(method -> !NOT_SENDING.contains(method.getName()))
                .filter(method -> !guarded.matches(method, type)))
        .as(type.getName())
        .isEmpty();
  }
}
