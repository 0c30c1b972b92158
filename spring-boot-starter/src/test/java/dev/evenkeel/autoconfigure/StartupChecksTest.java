package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.outbox.EventTypes;
import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.JsonPayloadCodec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.json.JsonMapper;

@ExtendWith(OutputCaptureExtension.class)
class StartupChecksTest {

  private static void check(int poolSize) {
    EvenkeelOptions options =
        EvenkeelOptions.of(
            new Binder(new MapConfigurationPropertySource(Map.of("evenkeel.inbox.lanes", "3")))
                .bind("evenkeel", EvenkeelProperties.class)
                .get(),
            "application",
            "node",
            false);
    DefaultListableBeanFactory beans = new DefaultListableBeanFactory();
    beans.registerSingleton(
        "handlers",
        InboxHandlers.builder(EventTypes.of(List.of()), new JsonPayloadCodec(JsonMapper.shared()))
            .build());
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setMaximumPoolSize(poolSize);
      InstallationDatabases databases =
          new InstallationDatabases(List.of(new InstallationDatabase("home", pool, null)));
      new StartupChecks(options, beans.getBeanProvider(InboxHandlers.class), databases, true)
          .afterSingletonsInstantiated();
    }
  }

  @Test
  void poolSmallerThanTheLanesNeedIsWarnedOfWithItsRemedy(CapturedOutput output) {
    check(6);

    assertThat(output)
        .contains("spring.datasource.hikari.maximum-pool-size is 6")
        .contains("raise the pool to at least 7 or lower evenkeel.inbox.lanes");
  }

  @Test
  void poolThatSufficesIsNotMentioned(CapturedOutput output) {
    check(7);

    assertThat(output).doesNotContain("maximum-pool-size");
  }
}
